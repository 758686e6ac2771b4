// What opens beside the chat, and over it where there is no room.

const pick = (selector) => document.querySelector(selector);
const wide = matchMedia("(min-width: 900px)");
const PANELS = { "#places": "#show-places", "#backstage": "#show-backstage" };
const BELOW = ["#messages", "#composer"];

// `opened` is called whenever one has opened.
export function arrange(opened) {
  for (const [panel, opener] of Object.entries(PANELS)) {
    pick(opener).addEventListener("click", () => { turn(panel, pick(panel).hidden); if (!pick(panel).hidden) opened(); });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || pick("#alert").open) return;
    const isMeant = ([panel, opener]) => !pick(panel).hidden && (!wide.matches || [panel, opener].some((one) => pick(one).contains(event.target)));
    const [open] = Object.entries(PANELS).find(isMeant) ?? [];
    if (open) turn(open, false);
  });
  wide.addEventListener("change", settle);
  turn("#places", wide.matches, { takesFocus: false });
}

// Somebody has chosen a chat: it is what they want to see.
export function leave() {
  if (!wide.matches) for (const panel of Object.keys(PANELS)) if (!pick(panel).hidden) turn(panel, false);
}

function turn(panel, isOpen, { takesFocus = true } = {}) {
  const box = pick(panel), opener = pick(PANELS[panel]);
  if (isOpen && !wide.matches) for (const other of Object.keys(PANELS)) if (other !== panel) show(other, false);
  const hadFocus = box.contains(document.activeElement);
  show(panel, isOpen);
  settle();
  if (isOpen && takesFocus) box.querySelector("button")?.focus();
  else if (hadFocus || (!isOpen && document.activeElement === document.body)) opener.focus();
}

function show(panel, isOpen) {
  pick(panel).hidden = !isOpen;
  pick(PANELS[panel]).setAttribute("aria-expanded", String(isOpen));
}

// What lies under a panel is not reached by any key.
function settle() {
  const isCovered = !wide.matches && Object.keys(PANELS).some((panel) => !pick(panel).hidden);
  for (const box of BELOW) pick(box).inert = isCovered;
}
