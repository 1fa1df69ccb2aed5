// Builds elements: element("button", { type: "button", onclick: run }, "Run"). A property that the element does
// not have, such as aria-label, becomes an attribute.
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}
