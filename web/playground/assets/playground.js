// Starts GraphiQL and connects it to the rest of the page.
import { prepareEditors, repairMarkup } from "./accessibility.js";
import "./account.js";
import { showCode } from "./code_dialog.js";
import { documentsPlugin, examplesPlugin } from "./collections.js";
import { config } from "./config.js";
import { fillVariables } from "./examples.js";
import { createFetcher, requestBody } from "./fetcher.js";
import { createPanel } from "./panel.js";
import { getSession } from "./session.js";
import { createLink, readLink } from "./share.js";
import { createStorage } from "./storage.js";
import { toggleLive } from "./stream.js";

// GraphiQL's dialogs add a <style> element and take its nonce from this name.
globalThis.__webpack_nonce__ = document.querySelector("script[nonce]").nonce;

const h = React.createElement;
const visiblePlugin = "graphiql:visiblePlugin"; // keys of the storage
const none = "none"; // the name of no plugin
const pluginWidth = "graphiql:docExplorerFlex";
const theme = document.documentElement;
const storage = createStorage();
const plugin = config.documents ? documentsPlugin(openOperation) : examplesPlugin(openOperation);
const plugins = [plugin, GraphiQLPluginExplorer.explorerPlugin()];
const fetcher = createFetcher();
let editor = {}; // the contexts of GraphiQL: editors, tabs, and run

// renderedTabs waits until GraphiQL has rendered the tabs that it has: moveTab fails without the active tab, and each
// change of a tab replaces it.
async function renderedTabs() {
  for (let tabs; tabs !== editor.tabs;) {
    ({ tabs } = editor);
    await new Promise((resolve) => { setTimeout(resolve, 10); });
  }
}

// openOperation opens an operation in its tab, or in a new one.
async function openOperation({ query, variables }) {
  const filled = await fillVariables(variables);
  await renderedTabs();
  const { tabs, moveTab, changeTab } = editor;
  const open = tabs.findIndex((tab) => tab.query === query);
  if (open >= 0) {
    changeTab(open);
    return;
  }
  const title = /\b(?:query|mutation)\s+(\w+)/.exec(query)?.[1] ?? null;
  const tab = { id: `${Date.now()}-${tabs.length}`, hash: "", title: title ?? "<untitled>", query, variables: filled, headers: null, operationName: title, response: null };
  moveTab([...tabs, tab]);
  changeTab(tabs.length);
}

// currentOperation returns the operation of the open tab as it would be sent.
function currentOperation() {
  const query = editor.queryEditor.getValue();
  const variables = editor.variableEditor.getValue();
  const operationName = editor.queryEditor.operationName ?? undefined;
  return { query, variables, operationName };
}

async function copyLink() {
  try {
    const link = createLink(currentOperation());
    history.replaceState(null, "", link);
    if (!navigator.clipboard) return "The link is in the address bar"; // over HTTP there is no clipboard
    await navigator.clipboard.writeText(link);
    return "Link copied";
  } catch (error) {
    return error.message;
  }
}

function showCurrentCode() {
  const { query, variables: text, operationName } = currentOperation();
  let variables = {};
  try {
    variables = text.trim() ? JSON.parse(text) : {};
  } catch {
    // the editor marks the mistake
  }
  const body = requestBody({ query, variables, operationName });
  showCode({ url: new URL(config.endpoint, location.href).href, body, query, variables, operationName, signedIn: getSession() !== null });
}

function toggleCurrentLive() {
  const { query, operationName } = currentOperation();
  editor.queryEditor.setValue(toggleLive(query, operationName));
}

const panel = createPanel({ run: () => editor.run(), toggleLive: toggleCurrentLive, copyLink, showCode: showCurrentCode });

// Bridge gives the page the contexts of GraphiQL.
function Bridge() {
  const editors = GraphiQL.React.useEditorContext();
  const { run } = GraphiQL.React.useExecutionContext();
  editor = { ...editors, run };
  React.useEffect(() => prepareEditors(editors));
  const hasPlugins = GraphiQL.React.usePluginStore().plugins.length > 0;
  React.useEffect(() => { if (hasPlugins) openPlugin(); }, [hasPlugins]);
  return null;
}

// openPlugin opens the plugin that was open last; on a wide window the operations at first.
function openPlugin() {
  const isWide = matchMedia("(min-width: 1181px)").matches;
  const title = storage.getItem(visiblePlugin) ?? (isWide ? plugin.title : none);
  // GraphiQL's own button, because its visiblePlugin property fills the panel without opening it.
  document.querySelector(`.graphiql-sidebar [aria-label="Show ${title}"]`)?.click();
}

const storePlugin = (opened) => storage.setItem(visiblePlugin, opened?.title ?? none);

function Panel() {
  return h("div", { ref: (node) => node?.append(panel) });
}

// GraphiQL opens the tab that holds the stored query and variables, and adds one if there is no such tab. A link
// is opened in a tab of its own.
function prepareTabs() {
  const link = readLink();
  let open = link ?? (config.documents ? { query: "# Pick one of the documents.\n" } : config.collections[0].operations[0]);
  const stored = storage.getItem("graphiql:tabState");
  if (stored && !link) {
    const { tabs, activeTabIndex } = JSON.parse(stored);
    open = tabs[activeTabIndex];
  }
  storage.setItem("graphiql:query", open.query ?? "");
  storage.setItem("graphiql:variables", open.variables ?? "");
  return [open];
}

const defaultTabs = prepareTabs();
if (storage.getItem(pluginWidth) === null) storage.setItem(pluginWidth, "0.26"); // of the rest of the window
const root = ReactDOM.createRoot(document.getElementById("graphiql"));
let schema = null;

function render() {
  root.render(h(GraphiQL, {
    fetcher, storage, schema, plugins, defaultTabs,
    onTogglePluginVisibility: storePlugin,
    dangerouslyAssumeSchemaIsValid: true,
    defaultEditorToolsVisibility: true,
    shouldPersistHeaders: false, // headers may contain a token
    forcedTheme: theme.dataset.theme,
  }, h(GraphiQL.Logo, null, h("span")), h(GraphiQL.Footer, null, h(Panel)), h(Bridge)));
}

// The schema comes as SDL, which every server serves, whether it allows introspection or not.
async function loadSchema() {
  const text = await (await fetch(config.schema)).text();
  schema = GraphiQL.GraphQL.buildSchema(text, { assumeValidSDL: true });
  render();
}

new MutationObserver(render).observe(theme, { attributeFilter: ["data-theme"] });
addEventListener("hashchange", () => {
  const link = readLink();
  if (link) openOperation(link);
});
document.getElementById("docs").addEventListener("click", () => {
  document.querySelector(".graphiql-sidebar [aria-label$='Documentation Explorer']").click();
});
document.getElementById("reset").addEventListener("click", () => {
  storage.clear();
  history.replaceState(null, "", location.pathname);
  location.reload();
});
repairMarkup(document.getElementById("graphiql"));
render();
loadSchema();
