// Messages as nodes. Everything a gateway or a person wrote is text here: nodes are built, no markup is ever parsed.

import { say } from "./words.js";

const TAGS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote", spoiler: "span",
};
const SAFE_LINK = /^(https?|tg):\/\//i;
const COMMAND = /^\/[a-z0-9_]{1,32}/;

export function node(tag, facts = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// Entities count in UTF-16 units, as strings do here. They nest and never cross.
function formatted(text, entities, hands, start = 0, end = text.length) {
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
    // A quote is a block: the line break behind it is no empty line.
    at = TAGS[entity.type] === "blockquote" && text[stop] === "\n" ? stop + 1 : stop;
  }
  parts.push(text.slice(at, end));
  return parts.filter((part) => part !== "");
}

function wrapped(entity, children, plain, hands) {
  switch (entity.type) {
    case "text_link":
    case "url": {
      const target = entity.url ?? plain;
      return SAFE_LINK.test(target) ? link(target, {}, ...children) : node("span", {}, ...children);
    }
    case "bot_command":
      return node("button", { type: "button", class: "word", onclick: () => hands.say(plain) }, ...children);
    case "expandable_blockquote":
      return folded(children);
    case "spoiler":
      return covered(children);
    case "code":
      return node("code", { onclick: () => hands.copy(plain) }, ...children);
    default:
      return node(TAGS[entity.type] ?? "span", {}, ...children);
  }
}

const link = (target, facts, ...children) =>
  node("a", { ...facts, href: target, target: "_blank", rel: "noreferrer noopener" }, ...children);

function folded(children) {
  const quote = node("blockquote", { class: "folded" }, ...children);
  const open = node("button", { type: "button", class: "unfold", "aria-label": say("show"), onclick: () => quote.classList.remove("folded") }, "⌄");
  quote.append(open);
  return quote;
}

function covered(children) {
  const words = node("span", { class: "spoiler", role: "button", tabindex: "0", "aria-label": say("show") }, ...children);
  const uncover = () => { words.classList.remove("spoiler"); words.removeAttribute("aria-label"); };
  words.addEventListener("click", uncover);
  words.addEventListener("keydown", (event) => event.key === "Enter" && uncover());
  return words;
}

const file = (id) => `/sim/files/${encodeURIComponent(id)}`;

export function bytes(size) {
  return size >= 1e6 ? `${(size / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(size / 1e3))} kB`;
}

function length(seconds) {
  const whole = Math.round(seconds ?? 0);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function medium(message, hands) {
  const { kind, file_id: id, file_name: name, size, width, height, spoiler } = message.media;
  const shape = { class: "media", width: width || null, height: height || null };
  const shown = kind === "photo" ? node("img", { ...shape, src: file(id), alt: say("photo") })
    : kind === "video" || kind === "animation" ? clip(message.media, shape, hands)
      : null;
  if (shown) return spoiler ? veiled(shown) : shown;
  return node("a", { class: "file", href: file(id), download: name ?? "file" },
    node("span", { class: "sheet", "aria-hidden": "true" }, kind === "audio" ? "♪" : "⬇"),
    node("span", {}, node("b", {}, name ?? kind), node("small", {}, bytes(size))));
}

function clip(media, shape, hands) {
  const picture = media.cover ?? media.thumbnail;
  const badge = node("time", {}, length(media.duration));
  if (hands.isStill) {
    const still = picture ? node("img", { ...shape, src: file(picture.file_id), alt: say("video") })
      : node("video", { ...shape, src: file(media.file_id), preload: "auto", muted: true });
    return node("div", { class: "clip waiting" }, still, badge);
  }
  const player = node("video", {
    ...shape, src: file(media.file_id), poster: picture ? file(picture.file_id) : null, preload: "metadata", playsinline: true,
    "aria-label": say("video"), tabindex: "0",
  });
  const box = node("div", { class: "clip waiting" }, player, badge);
  player.addEventListener("click", () => player.controls || player.play());
  player.addEventListener("play", () => { player.controls = true; box.classList.remove("waiting"); badge.remove(); });
  return box;
}

function veiled(shown) {
  const veil = node("div", { class: "veil", role: "button", tabindex: "0", "aria-label": say("show") }, shown);
  const lift = () => { veil.className = ""; veil.removeAttribute("role"); };
  veil.addEventListener("click", (event) => { if (veil.className) { event.stopPropagation(); lift(); } }, { capture: true });
  veil.addEventListener("keydown", (event) => event.key === "Enter" && lift());
  return veil;
}

function button(made, message, hands) {
  const facts = { class: made.style ?? null };
  if (made.url && SAFE_LINK.test(made.url)) return link(made.url, { ...facts, onclick: (event) => hands.open(event, made.url) }, made.text, " ↗");
  const copied = made.copy_text?.text;
  const act = copied === undefined ? () => hands.press(message, made) : () => hands.copy(copied);
  return node("button", { ...facts, type: "button", onclick: act }, made.text);
}

function quoted(told) {
  if (!told) return null;
  return node("a", { class: "reply", href: `#m${told.message_id}` }, told.text || told.caption || say(told.media?.kind ?? "…"));
}

// `group`: one message, or the items of an album. `hands`: what pressing things does.
export function bubble(group, messages, hands) {
  const message = group[0];
  const words = group.find((one) => one.caption ?? one.text) ?? message;
  const text = words.text ?? words.caption ?? "";
  const media = group.filter((one) => one.media).map((one) => medium(one, hands));
  const clock = new Date(message.date * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
  const quiet = message.from_bot && message.silent ? node("span", { title: say("silent"), "aria-label": say("silent"), role: "img" }, "🔕 ") : null;
  const entities = message.from_bot || !COMMAND.test(text) ? words.entities : [];
  const body = node("div", { class: "bubble" },
    message.reply_to ? quoted(messages.find((one) => one.message_id === message.reply_to)) : null,
    !message.from_bot && hands.names ? node("b", { class: "name" }, hands.names(message.from)) : null,
    media.length > 1 ? node("div", { class: `album of${Math.min(media.length, 4)}` }, ...media) : media[0],
    text ? node("div", { class: "text" }, ...formatted(text, entities, hands)) : null,
    ...message.reactions.map((reaction) => node("span", { class: "reaction" }, reaction)),
    node("p", { class: "marks" }, message.edits && !message.media ? `${say("edited")} ` : "", quiet, clock));
  const answer = hands.isStill ? null
    : node("button", { type: "button", class: "answer plain", "aria-label": say("reply"), title: say("reply"), onclick: () => hands.reply(message) }, "↩");
  const rows = words.buttons.map((row) => node("div", { class: "row" }, ...row.map((made) => button(made, words, hands))));
  const loud = message.from_bot && !message.silent ? " loud" : "";
  return node("article", { class: (message.from_bot ? "bot" : "own") + loud, id: `m${message.message_id}` }, body, answer, ...rows);
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
