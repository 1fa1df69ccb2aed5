// The dialog that shows an operation as code.
import { targets } from "./code.js";
import { element } from "./dom.js";

const code = element("code", {});
const listing = element("pre", { tabIndex: 0, role: "region", "aria-label": "Code" }, code);
const form = element("form", {}, element("fieldset", { className: "targets", "aria-label": "Language" },
  ...Object.entries(targets).map(([name, { label }]) => element("label", {},
    element("input", { type: "radio", name: "target", value: name, checked: name === "curl" }), label))));
const copy = element("button", { type: "button", hidden: !navigator.clipboard }, "Copy"); // over HTTP there is no clipboard
const dialog = element("dialog", { className: "code-dialog", "aria-labelledby": "code-title" },
  element("header", {},
    element("h2", { id: "code-title" }, "Code"),
    copy,
    element("button", { type: "button", onclick: () => dialog.close() }, "Close"),
  ),
  form, listing);

let operation = null;

function show() {
  code.textContent = targets[form.elements.target.value].generate(operation);
  copy.textContent = "Copy";
}

form.addEventListener("change", show);
copy.addEventListener("click", async () => {
  await navigator.clipboard.writeText(code.textContent);
  copy.textContent = "Copied";
});
document.body.append(dialog);

export function showCode(shown) {
  operation = shown;
  show();
  dialog.showModal();
}
