// Shows one chat of the Bot API stand-in as a phone would. Everything a gateway or a person wrote is text here: nodes
// are built, no markup is ever parsed.

const asked = new URLSearchParams(location.search);
const chatId = asked.get("chat") ?? "1001";
const firstMessage = Number(asked.get("from") ?? 0);
const isStill = asked.has("still");
const CHAT = `/sim/chats/${encodeURIComponent(chatId)}`;
const LOOK_EVERY = 700; // milliseconds

const TAGS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote", spoiler: "span",
};
const SAFE_LINK = /^(https?|tg):\/\//i;

function node(tag, facts = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (value !== undefined && value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// Entities count in UTF-16 units, as strings do here. They nest and never cross.
function formatted(text, entities, start = 0, end = text.length) {
  const parts = [];
  let at = start;
  const sorted = [...entities].sort((one, other) => one.offset - other.offset || other.length - one.length);
  while (sorted.length) {
    const entity = sorted.shift();
    if (entity.offset < at) continue;
    const stop = Math.min(entity.offset + entity.length, end);
    const inner = sorted.filter((other) => other.offset >= entity.offset && other.offset < stop);
    parts.push(text.slice(at, entity.offset), wrapped(entity, formatted(text, inner, entity.offset, stop), text.slice(entity.offset, stop)));
    // A quote is a block: the line break behind it is no empty line.
    at = TAGS[entity.type] === "blockquote" && text[stop] === "\n" ? stop + 1 : stop;
  }
  parts.push(text.slice(at, end));
  return parts.filter((part) => part !== "");
}

function wrapped(entity, children, plain) {
  if (entity.type === "text_link" || entity.type === "url") {
    const target = entity.url ?? plain;
    return SAFE_LINK.test(target) ? node("a", { href: target, rel: "noreferrer" }, ...children) : node("span", {}, ...children);
  }
  const folded = entity.type === "expandable_blockquote";
  return node(TAGS[entity.type] ?? "span", { class: folded ? "folded" : entity.type === "spoiler" ? "spoiler" : null }, ...children);
}

const file = (id) => `/sim/files/${encodeURIComponent(id)}`;

function bytes(size) {
  return size >= 1e6 ? `${(size / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(size / 1e3))} kB`;
}

function medium(message) {
  const { kind, file_id: id, cover, thumbnail, duration, file_name: name, size } = message.media;
  const hidden = message.media.spoiler ? " hidden" : "";
  if (kind === "photo") return node("img", { class: `media${hidden}`, src: file(id), alt: "photo" });
  if (kind === "video" || kind === "animation") {
    const picture = cover ?? thumbnail;
    const still = picture ? node("img", { class: `media${hidden}`, src: file(picture.file_id), alt: "video" })
      : node("video", { class: `media${hidden}`, src: file(id), preload: "auto", muted: true });
    const seconds = Math.round(duration ?? 0);
    return node("div", { class: "clip" }, still,
      node("time", {}, `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`));
  }
  return node("a", { class: "file", href: file(id), download: name ?? "file" },
    node("span", { class: "sheet", "aria-hidden": "true" }, kind === "audio" ? "♪" : "⬇"),
    node("span", {}, node("b", {}, name ?? kind), node("small", {}, bytes(size))));
}

function button(made) {
  const facts = { class: made.style ?? null };
  if (made.url && SAFE_LINK.test(made.url)) return node("a", { ...facts, href: made.url, rel: "noreferrer" }, `${made.text} ↗`);
  return node("button", { ...facts, type: "button" }, made.text);
}

function quoted(messages, id) {
  const told = messages.find((message) => message.message_id === id);
  if (!told) return null;
  return node("div", { class: "reply" }, told.text ?? told.caption ?? told.media?.kind ?? "");
}

function bubble(messages, group) {
  const message = group[0];
  const words = group.find((one) => one.caption ?? one.text) ?? message;
  const text = words.text ?? words.caption ?? "";
  const media = group.filter((one) => one.media).map(medium);
  const clock = new Date(message.date * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
  const marks = [message.edits && !message.media ? "edited" : "", message.from_bot && message.silent ? "🔕" : "", clock];
  const body = node("div", { class: "bubble" },
    message.reply_to ? quoted(messages, message.reply_to) : null,
    media.length > 1 ? node("div", { class: "album" }, ...media) : media[0],
    text ? node("div", { class: "text" }, ...formatted(text, words.entities)) : null,
    ...message.reactions.map((reaction) => node("span", { class: "reaction" }, reaction)),
    node("footer", {}, marks.filter(Boolean).join(" ")));
  const rows = words.buttons.map((row) => node("div", { class: "row" }, ...row.map(button)));
  return node("article", { class: message.from_bot ? "bot" : "own", id: `m${message.message_id}` }, body, ...rows);
}

// The pictures of an album are one bubble.
function grouped(messages) {
  const groups = [];
  for (const message of messages) {
    const last = groups.at(-1);
    if (message.media_group_id && last?.[0].media_group_id === message.media_group_id) last.push(message);
    else groups.push([message]);
  }
  return groups;
}

let shown = "";

async function look() {
  const answer = await fetch(CHAT);
  const known = await answer.text();
  if (known === shown) return;
  shown = known;
  const messages = JSON.parse(known).messages;
  const wanted = messages.filter((message) => message.message_id >= firstMessage);
  document.querySelector("#messages").replaceChildren(...grouped(wanted).map((group) => bubble(messages, group)));
  if (!isStill) scrollTo(0, document.body.scrollHeight);
}

document.documentElement.classList.toggle("dark", asked.get("theme") === "dark");
await look();
if (!isStill) setInterval(() => look().catch(() => {}), LOOK_EVERY);
