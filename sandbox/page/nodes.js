// Messages as nodes.

import { formatted, isSafe } from "./entities.js";
import { medium } from "./media.js";
import { link, node } from "./node.js";
import { say } from "./words.js";

const COMMAND = /^\/[a-z0-9_]{1,32}/;

function button(made, message, hands) {
  const facts = { type: "button", class: made.style ?? null };
  if (made.url && isSafe(made.url)) return link(made.url, { class: facts.class, onclick: (event) => hands.open(event, made.url) }, made.text, " ↗");
  if (made.copy_text) return node("button", { ...facts, onclick: () => hands.copy(made.copy_text.text) }, made.text);
  // What nobody can press here: an address that is none, or a kind that the page does not know.
  if (made.callback_data === undefined) return node("button", { ...facts, disabled: true }, made.text);
  return node("button", { ...facts, onclick: (event) => hands.press(message, made, event.currentTarget) }, made.text);
}

// What a message is called in few words.
export const summary = (message) => message.text || message.caption || say(message.media?.kind ?? "…");

function quoted(told, hands) {
  if (!told) return null;
  const act = (event) => { event.preventDefault(); hands.show(told.message_id); };
  return node("a", { class: "reply", href: `#m${told.message_id}`, onclick: act }, summary(told));
}

function bell(message) {
  if (!message.from_bot || !message.silent) return null;
  return node("span", { title: say("silent"), "aria-label": say("silent"), role: "img", class: "bell" }, "🔕 ");
}

// `group`: one message, or the items of an album. `hands`: what pressing things does.
export function bubble(group, messages, hands) {
  const message = group[0];
  const words = group.find((one) => one.caption ?? one.text) ?? message;
  const text = words.text ?? words.caption ?? "";
  const media = group.filter((one) => one.media).map((one) => medium(one, hands));
  const clock = new Date(message.date * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
  const entities = message.from_bot || !COMMAND.test(text) ? words.entities : [];
  const author = message.from_bot ? "Rushes" : hands.names(message.from);
  const body = node("div", { class: "bubble" },
    message.reply_to ? quoted(messages.find((one) => one.message_id === message.reply_to), hands) : null,
    !message.from_bot && hands.isGroup() ? node("b", { class: "name" }, author) : null,
    media.length > 1 ? node("div", { class: `album of${Math.min(media.length, 4)}` }, ...media) : media[0],
    text ? node("div", { class: "text", dir: "auto" }, ...formatted(text, entities, hands)) : null,
    ...message.reactions.map((reaction) => node("span", { class: "reaction" }, reaction)),
    node("p", { class: "marks" }, message.edits && !message.media ? `${say("edited")} ` : "", bell(message), clock));
  const answer = hands.isStill ? null
    : node("button", { type: "button", class: "answer plain", "aria-label": say("reply"), title: say("reply"), onclick: () => hands.reply(message) }, "↩");
  const rows = words.buttons.map((row) => node("div", { class: "row" }, ...row.map((made) => button(made, words, hands))));
  const side = hands.isMine(message) ? "own" : message.from_bot ? "bot" : "other";
  return node("article", { class: side, id: `m${message.message_id}`, tabindex: "-1", "aria-label": author }, body, answer, ...rows);
}

// The pictures of an album are one bubble.
export function grouped(messages) {
  const groups = [];
  for (const message of messages) {
    const last = groups.at(-1);
    if (message.media_group_id && last?.[0].media_group_id === message.media_group_id) last.push(message);
    else groups.push([message]);
  }
  return groups;
}

const REACHABLE = "a, button, video, [tabindex]";

// An edited message takes the place of what stood there: the film goes on, what was opened stays open, the focus stays.
export function supplant(old, made) {
  const held = old.contains(document.activeElement) ? document.activeElement : null;
  const said = held?.textContent;
  for (const shown of old.querySelectorAll("[data-medium]")) {
    const same = [...made.querySelectorAll("[data-medium]")].find((one) => one.dataset.medium === shown.dataset.medium);
    same?.replaceWith(shown);
  }
  const covers = made.querySelectorAll("[data-cover]");
  old.querySelectorAll("[data-cover]").forEach((cover, place) => {
    const isOpen = !cover.classList.contains("folded") && !cover.classList.contains("spoiler") && !cover.classList.contains("veil");
    if (isOpen && covers[place]?.dataset.cover === cover.dataset.cover) covers[place].reveal();
  });
  made.classList.toggle("rings", old.classList.contains("rings"));
  old.replaceWith(made);
  if (!held) return;
  const here = made.contains(held) ? held : [...made.querySelectorAll(REACHABLE)].find((one) => one.tagName === held.tagName && one.textContent === said);
  (here ?? made).focus({ preventScroll: true });
}
