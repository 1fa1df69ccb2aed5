// Starts GraphiQL with the example operations, and ties it to the header bar.
const { endpoint, operations } = JSON.parse(document.getElementById("config").textContent);
const theme = document.documentElement;

// GraphiQL's dialogs add a <style> element and take its nonce from this name.
globalThis.__webpack_nonce__ = document.querySelector("script[nonce]").nonce;

const ask = GraphiQL.createFetcher({
  url: endpoint,
  subscriptionUrl: new URL(endpoint, location.href.replace(/^http/, "ws")).href,
});

// The token is read at each request, so that a new one holds at once. A header written in
// the tab's own header editor goes before it.
function fetcher(params, options) {
  const token = sessionStorage.getItem("7p:token");
  const bearer = token ? { Authorization: `Bearer ${token}` } : {};
  return ask(params, { ...options, headers: { ...bearer, ...options?.headers } });
}

const root = ReactDOM.createRoot(document.getElementById("graphiql"));
const storage = GraphiQL.createLocalStorage({ namespace: "7p:playground" });

// Of the first of its default tabs GraphiQL shows the query alone: the variables of a tab that is
// open from the start have to be in storage.
if (!storage.getItem("graphiql:tabState")) {
  storage.setItem("graphiql:query", operations[0].query);
  storage.setItem("graphiql:variables", operations[0].variables);
}

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
