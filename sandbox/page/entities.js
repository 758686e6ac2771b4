// Text with entities as nodes.

import { link, node, pressable } from "./node.js";
import { say } from "./words.js";

const TAGS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", blockquote: "blockquote", expandable_blockquote: "blockquote", pre: "pre",
};
const POINTING = new Set(["mention", "text_mention", "hashtag", "cashtag", "email", "phone_number"]);
const SAFE_LINK = /^(https?|tg):\/\//i;

export const isSafe = (address) => SAFE_LINK.test(address);

// Entities count in UTF-16 units, as strings do here. They nest and never cross.
export function formatted(text, entities, hands, start = 0, end = text.length) {
  const parts = [];
  let at = start;
  const sorted = [...entities].sort((one, other) => one.offset - other.offset || other.length - one.length);
  while (sorted.length) {
    const entity = sorted.shift();
    if (entity.offset < at) continue;
    const stop = Math.min(entity.offset + entity.length, end);
    const inner = sorted.filter((other) => other.offset >= entity.offset && other.offset < stop);
    const plain = text.slice(entity.offset, stop);
    parts.push(text.slice(at, entity.offset), wrapped(entity, formatted(text, inner, hands, entity.offset, stop), plain, hands));
    // A quote and a block of code end their line: the break behind them is no empty one.
    at = ["blockquote", "pre"].includes(TAGS[entity.type]) && text[stop] === "\n" ? stop + 1 : stop;
  }
  parts.push(text.slice(at, end));
  return parts.filter((part) => part !== "");
}

function wrapped(entity, children, plain, hands) {
  switch (entity.type) {
    case "text_link":
    case "url": {
      const target = entity.url ?? plain;
      return isSafe(target) ? link(target, {}, ...children) : node("span", {}, ...children);
    }
    case "bot_command":
      return node("button", { type: "button", class: "word", onclick: () => hands.say(plain) }, ...children);
    case "expandable_blockquote":
      return folded(children);
    case "spoiler":
      return covered(children);
    case "code":
      return pressable("code", { title: say("copy") }, () => hands.copy(plain), ...children);
    case "pre":
      return block(entity.language, children, plain, hands);
    default:
      return node(TAGS[entity.type] ?? "span", { class: POINTING.has(entity.type) ? "pointing" : null }, ...children);
  }
}

function block(language, children, plain, hands) {
  const head = node("span", { class: "language" }, language ?? "",
    node("button", { type: "button", class: "word", onclick: () => hands.copy(plain) }, say("copy")));
  return node("div", { class: "block" }, head, node("pre", { tabindex: "0" }, node("code", {}, ...children)));
}

// `reveal` is how an edited message shows again what was open before.

function folded(children) {
  const quote = node("blockquote", { class: "folded", "data-cover": "quote" }, ...children);
  const turn = (isOpen) => {
    quote.classList.toggle("folded", !isOpen);
    knob.setAttribute("aria-expanded", String(isOpen));
    knob.textContent = isOpen ? "⌃" : "⌄";
  };
  const act = () => turn(quote.classList.contains("folded"));
  const knob = node("button", { type: "button", class: "unfold", "aria-label": say("more"), "aria-expanded": "false", onclick: act }, "⌄");
  quote.append(knob);
  quote.reveal = () => turn(true);
  // What fits has nothing to unfold.
  new ResizeObserver(() => { knob.hidden = quote.classList.contains("folded") && quote.scrollHeight <= quote.clientHeight + 1; }).observe(quote);
  return quote;
}

function covered(children) {
  const cover = pressable("span", { class: "spoiler", "data-cover": "spoiler", "aria-label": say("spoiler") }, () => cover.reveal(), node("span", {}, ...children));
  cover.reveal = () => uncover(cover, "spoiler");
  return cover;
}

export function uncover(cover, name) {
  cover.classList.remove(name);
  for (const fact of ["role", "aria-label"]) cover.removeAttribute(fact);
  cover.tabIndex = -1;
}
