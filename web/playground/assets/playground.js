// Starts GraphiQL with the example operations and connects it to the header bar.
const { endpoint, operations } = JSON.parse(document.getElementById("config").textContent);
const theme = document.documentElement;

// GraphiQL's dialogs add a <style> element and take its nonce from this name.
globalThis.__webpack_nonce__ = document.querySelector("script[nonce]").nonce;

const send = GraphiQL.createFetcher({
  url: endpoint,
  subscriptionUrl: new URL(endpoint, location.href.replace(/^http/, "ws")).href,
  enableIncrementalDelivery: false, // a response is one object, which fetcher reads
});

// The token is read at each request, so that a new one applies at once. A header in the tab's own header
// editor has precedence. Responses show their cost. The page stores the token of a sign-in and
// removes it after a sign-out.
async function fetcher(params, options) {
  const token = sessionStorage.getItem("7p:token");
  const bearer = token ? { Authorization: `Bearer ${token}` } : {};
  const response = await send(params, { ...options, headers: { "GraphQL-Cost": "1", ...bearer, ...options?.headers } });
  for (const payload of Object.values(response.data ?? {})) {
    if (payload?.accessToken) takeToken(payload.accessToken);
    if (payload?.signedOut) takeToken("");
  }
  return response;
}

function takeToken(token) {
  const input = document.getElementById("token");
  input.value = token;
  input.dispatchEvent(new Event("input"));
}

const root = ReactDOM.createRoot(document.getElementById("graphiql"));
const storage = GraphiQL.createLocalStorage({ namespace: "7p:playground" });

// GraphiQL opens the tab that holds the stored query and variables, and adds one if there is no such tab.
// It stores them with a delay after a tab is opened, and omits the variables of the first default tab. A
// reload in between would open another tab, so the stored values are set to those of the open tab.
function openTab() {
  try {
    const { tabs, activeTabIndex } = JSON.parse(storage.getItem("graphiql:tabState"));
    return tabs[activeTabIndex];
  } catch {
    return operations[0];
  }
}
const { query, variables } = openTab();
storage.setItem("graphiql:query", query ?? "");
storage.setItem("graphiql:variables", variables ?? "");

function render() {
  root.render(React.createElement(GraphiQL, {
    fetcher,
    storage,
    defaultTabs: operations,
    defaultEditorToolsVisibility: true,
    shouldPersistHeaders: false, // headers may contain a token
    forcedTheme: theme.dataset.theme,
  }));
}

new MutationObserver(render).observe(theme, { attributeFilter: ["data-theme"] });
document.getElementById("docs").addEventListener("click", () => {
  // GraphiQL's own button, because its visiblePlugin property fills the panel without opening it.
  document.querySelector(".graphiql-sidebar [aria-label$='Documentation Explorer']").click();
});
document.getElementById("reset").addEventListener("click", () => {
  storage.clear();
  location.reload();
});
render();
