// Nodes are built and no markup is ever parsed: whatever a gateway or a person wrote is text here.

export function node(tag, facts = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export const link = (target, facts, ...children) =>
  node("a", { ...facts, href: target, target: "_blank", rel: "noreferrer noopener" }, ...children);

// What is no button by itself, pressed by a finger or by a key.
export function pressable(tag, facts, act, ...children) {
  const onkeydown = (event) => {
    if (event.target !== event.currentTarget || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    act(event);
  };
  return node(tag, { role: "button", tabindex: "0", ...facts, onclick: act, onkeydown }, ...children);
}

// New children, if they are any; the focus stays on its place among them.
export function refill(box, children) {
  const old = [...box.children];
  if (old.length === children.length && old.every((one, place) => one.isEqualNode(children[place]))) return;
  const place = old.indexOf(document.activeElement);
  box.replaceChildren(...children);
  if (place >= 0) (children[place] ?? children.at(-1))?.focus();
}
