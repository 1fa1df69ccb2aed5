// Starts GraphiQL with the example operations, and ties it to the header bar.
const { endpoint, operations } = JSON.parse(document.getElementById("config").textContent);
const theme = document.documentElement;

// GraphiQL's dialogs add a <style> element and take its nonce from this name.
globalThis.__webpack_nonce__ = document.querySelector("script[nonce]").nonce;

const ask = GraphiQL.createFetcher({
  url: endpoint,
  subscriptionUrl: new URL(endpoint, location.href.replace(/^http/, "ws")).href,
  enableIncrementalDelivery: false, // an answer is one object, which can be looked at
});

// The token is read at each request, so that a new one holds at once. A header written in
// the tab's own header editor goes before it. Answers show what they cost. Whoever signs in or out here is so from then on.
async function fetcher(params, options) {
  const token = sessionStorage.getItem("7p:token");
  const bearer = token ? { Authorization: `Bearer ${token}` } : {};
  const answer = await ask(params, { ...options, headers: { "GraphQL-Cost": "1", ...bearer, ...options?.headers } });
  for (const payload of Object.values(answer.data ?? {})) {
    if (payload?.accessToken) takeToken(payload.accessToken);
    if (payload?.signedOut) takeToken("");
  }
  return answer;
}

function takeToken(token) {
  const input = document.getElementById("token");
  input.value = token;
  input.dispatchEvent(new Event("input"));
}

const root = ReactDOM.createRoot(document.getElementById("graphiql"));
const storage = GraphiQL.createLocalStorage({ namespace: "7p:playground" });

// GraphiQL opens the tab that holds the stored query and variables, and adds one where no tab does.
// It stores them a while after a tab is opened, and of the first default tab not the variables: a
// reload in between would open a tab of its own. So what is stored is made that of the open tab.
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
    shouldPersistHeaders: false, // they may hold a token
    forcedTheme: theme.dataset.theme,
  }));
}

new MutationObserver(render).observe(theme, { attributeFilter: ["data-theme"] });
document.getElementById("docs").addEventListener("click", () => {
  // GraphiQL's own button, because its visiblePlugin property fills the panel without unfolding it.
  document.querySelector(".graphiql-sidebar [aria-label$='Documentation Explorer']").click();
});
document.getElementById("reset").addEventListener("click", () => {
  storage.clear();
  location.reload();
});
render();
