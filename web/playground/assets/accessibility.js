// Makes GraphiQL usable without a mouse and with a screen reader, where its markup does not suffice.
const editorNames = { queryEditor: "Operation", variableEditor: "Variables", headerEditor: "Headers", responseEditor: "Response" };
const prepared = new WeakSet();

// prepareEditors names the editors and wraps their lines. Tab leaves them; Ctrl-] and Ctrl-[ indent.
export function prepareEditors(editors) {
  for (const [key, name] of Object.entries(editorNames)) {
    const editor = editors[key];
    if (!editor || prepared.has(editor)) continue;
    prepared.add(editor);
    editor.setOption("lineWrapping", true);
    editor.setOption("extraKeys", { ...editor.getOption("extraKeys"), Tab: false, "Shift-Tab": false });
    editor.setOption("screenReaderLabel", name);
    editor.getInputField().setAttribute("aria-label", name);
    makeScrollable(editor);
  }
}

// makeScrollable lets the keyboard enter an editor through the part that scrolls, so that there is one stop.
function makeScrollable(editor) {
  const scroller = editor.getScrollerElement();
  scroller.tabIndex = 0;
  editor.getInputField().tabIndex = -1;
  scroller.addEventListener("focus", () => editor.focus());
  editor.on("focus", () => { scroller.tabIndex = -1; });
  editor.on("blur", () => { scroller.tabIndex = 0; });
}

// set changes an attribute, or removes it for null; not if it is so already, because changes are observed.
function set(node, name, value) {
  if (node.getAttribute(name) === value) return;
  if (value === null) node.removeAttribute(name);
  else node.setAttribute(name, value);
}

// The tabs contain a second button, which role=tab does not allow: they are a list of buttons.
function repairTabs(root) {
  for (const list of root.querySelectorAll(".graphiql-tabs")) {
    set(list, "role", null);
    for (const item of list.children) {
      set(item, "role", null);
      set(item, "aria-selected", null);
      set(item.firstElementChild, "aria-current", item.classList.contains("graphiql-tab-active") ? "true" : null);
    }
  }
  for (const label of root.querySelectorAll(".graphiql-history-item-label")) set(label, "aria-label", null);
}

// Fields and arguments of the explorer are texts that react to clicks: they become check boxes.
const explorerItems = ".graphiql-explorer-root :is([data-field-name], [data-arg-name] > span:first-child)";

function repairExplorer(root) {
  for (const select of root.querySelectorAll(".graphiql-explorer-actions select")) set(select, "aria-label", "Kind of the new operation");
  for (const button of root.querySelectorAll(".graphiql-explorer-actions button")) set(button, "aria-label", "Add the operation");
  for (const field of root.querySelectorAll("[data-arg-name] :is(input, select)")) {
    set(field, "aria-label", `Value of ${field.closest("[data-arg-name]").dataset.argName}`);
  }
  for (const item of root.querySelectorAll(explorerItems)) {
    const icon = item.querySelector("svg");
    const isChecked = icon?.querySelector("circle") ? icon.querySelector("path") !== null : !!icon?.style.transform.includes("90");
    set(item, "role", "checkbox");
    set(item, "tabindex", "0");
    set(item, "aria-checked", String(isChecked));
  }
}

export function repairMarkup(root) {
  const repair = () => {
    repairTabs(root);
    repairExplorer(root);
  };
  new MutationObserver(repair).observe(root, { childList: true, subtree: true, attributeFilter: ["role", "aria-selected", "aria-label", "class", "style"] });
  root.addEventListener("keydown", (event) => {
    if (!["Enter", " "].includes(event.key) || !event.target.matches(explorerItems)) return;
    event.preventDefault();
    event.target.click();
  });
}
