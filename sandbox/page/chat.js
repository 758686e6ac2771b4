// Shows one chat of the Bot API stand-in as a phone would, and lets somebody be a person in it.

import { ask, tell } from "./ask.js";
import { Backstage } from "./backstage.js";
import { Composer } from "./composer.js";
import { bubble, grouped, node } from "./nodes.js";
import { LANGUAGES, say, speak } from "./words.js";

const asked = new URLSearchParams(location.search);
const isStill = asked.has("still");
const firstMessage = Number(asked.get("from") ?? 0);
const BOT_LINK = /^https:\/\/t\.me\/[a-z0-9_]+\?start=([\w-]+)$/i;
const PATIENCE = 30_000, ANSWER_LOOK = 150, TOAST_LIFE = 2600; // milliseconds

const PEOPLE = { you: 1001, owner: 1002, admin: 1003, stranger: 1005 };

const me = {
  id: Number(asked.get("as") ?? asked.get("chat") ?? PEOPLE.you),
  language: asked.get("language") ?? "en",
  chat: Number(asked.get("chat") ?? asked.get("as") ?? PEOPLE.you),
  thread: Number(asked.get("thread") ?? 0),
};
if (me.id < 0) me.id = PEOPLE.you;

const pick = (selector) => document.querySelector(selector);
const log = pick("#messages");
const shown = new Map(); // what stands there: message id -> [its JSON, its node]
const seen = new Map(); // chat id -> the last message that was looked at
let rooms = [];

const hands = {
  isStill,
  say: (words) => send(words),
  copy: async (text) => {
    await navigator.clipboard?.writeText(text).catch(() => {});
    toast(`${say("copied")}: ${text}`);
  },
  press: (message, made) => press(message, made),
  open: (event, url) => {
    const code = BOT_LINK.exec(url)?.[1];
    if (!code) return;
    event.preventDefault();
    enter(me.id, 0);
    send(`/start ${code}`);
  },
  reply: (message) => composer.answer(message),
};

const composer = new Composer(me, (words, replyTo) => send(words, replyTo));
const backstage = new Backstage();

async function send(words, replyTo) {
  const topic = me.thread ? { message_thread_id: me.thread } : {};
  const told = replyTo ? { reply_to_message_id: replyTo } : {};
  await tell("say", { chat_id: me.chat, user_id: me.id, text: words, language_code: me.language, ...name(), ...topic, ...told });
}

const name = () => {
  const found = Object.entries(PEOPLE).find(([, id]) => id === me.id);
  return found ? { first_name: say(found[0]) } : {};
};

async function press(message, made) {
  const order = { chat_id: me.chat, user_id: me.id, message_id: message.message_id, button: made.text, language_code: me.language };
  const { callback_query_id: id } = await tell("press", { ...order, ...name() });
  for (const until = Date.now() + PATIENCE; Date.now() < until; ) {
    const { answer } = await ask(`popups/${id}`);
    if (answer) return answer.show_alert ? warn(answer.text) : toast(answer.text);
    await new Promise((done) => setTimeout(done, ANSWER_LOOK));
  }
}

let fading;

function toast(words) {
  if (!words) return;
  const box = pick("#toast");
  box.textContent = words;
  box.hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => { box.hidden = true; }, TOAST_LIFE);
}

function warn(words) {
  pick("#alert p").textContent = words;
  pick("#alert").showModal();
}

async function look() {
  const { messages } = await ask(`chats/${me.chat}`);
  hands.names = me.chat < 0 ? personName : null;
  const here = messages.filter((one) => one.message_id >= firstMessage && (!me.thread || one.thread_id === me.thread));
  const wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 120;
  const groups = grouped(here);
  const kept = new Set(groups.map((group) => group[0].message_id));
  for (const [id, [, old]] of shown) if (!kept.has(id)) { old.remove(); shown.delete(id); }
  let added = false;
  for (const group of groups) {
    const id = group[0].message_id, known = JSON.stringify(group), [before, old] = shown.get(id) ?? [];
    if (known === before) continue;
    const made = bubble(group, messages, hands);
    // Nobody's place in the page, and no film that plays, is lost for an edit elsewhere.
    if (old) old.replaceWith(made); else { log.append(made); added = true; }
    shown.set(id, [known, made]);
  }
  pick("#empty")?.remove();
  if (!shown.size) log.append(node("p", { id: "empty" }, say("empty")));
  seen.set(me.chat, messages.at(-1)?.message_id ?? 0);
  if (isStill || wasAtEnd || added) log.scrollTop = log.scrollHeight;
}

function personName(id) {
  const found = Object.entries(PEOPLE).find(([, number]) => number === id);
  return found ? say(found[0]) : String(id);
}

async function lookAround() {
  rooms = (await ask("chats")).chats;
  const here = rooms.find((room) => room.id === me.chat);
  pick("#title").textContent = me.chat < 0 ? titled(here) : "Rushes";
  pick("#doing").textContent = here?.action ? say(here.action) : say(me.chat < 0 ? "group" : "bot");
  const own = { id: me.id, topics: [], last_message_id: rooms.find((room) => room.id === me.id)?.last_message_id ?? 0 };
  const entries = [own, ...rooms.filter((room) => room.id < 0)].flatMap((room) => [
    [room, 0], ...room.topics.map((thread) => [room, thread]),
  ]);
  pick("#rooms").replaceChildren(...entries.map(([room, thread]) => roomButton(room, thread)));
}

const titled = (room) => room?.title ?? "Rushes";

function roomButton(room, thread) {
  const isHere = room.id === me.chat && thread === me.thread;
  const isNew = !isHere && !thread && room.last_message_id > (seen.get(room.id) ?? 0);
  const words = thread ? `${say("topic")} ${thread}` : room.id > 0 ? `Rushes (${say("private")})` : titled(room);
  const facts = { type: "button", class: thread ? "topic" : null, "aria-current": isHere ? "true" : null, onclick: () => enter(room.id, thread) };
  return node("button", facts, words, isNew ? node("mark", {}, say("unread")) : null);
}

function enter(chat, thread) {
  if (chat !== me.chat || thread !== me.thread) {
    [me.chat, me.thread] = [chat, thread];
    shown.clear();
    log.replaceChildren();
  }
  refresh();
  composer.forget();
}

function choices() {
  const people = Object.entries(PEOPLE).map(([key, id]) =>
    choice(say(key), id === me.id, () => { const wasPrivate = me.chat > 0; me.id = id; if (wasPrivate) enter(id, 0); choices(); refresh(); }));
  pick("#people").replaceChildren(...people);
  const languages = Object.entries(LANGUAGES).map(([code, words]) =>
    choice(words, code === me.language, () => { me.language = code; translate(); }));
  pick("#languages").replaceChildren(...languages);
}

const choice = (words, isChosen, act) =>
  node("button", { type: "button", "aria-pressed": String(isChosen), onclick: act }, words);

function translate() {
  speak(me.language);
  choices();
  backstage.translate();
  shown.clear();
  log.replaceChildren();
  refresh();
}

let looking = null, again = false;

// One look at a time; what happens meanwhile is looked at right afterwards.
async function refresh() {
  again = true;
  looking ??= (async () => {
    while (again) {
      again = false;
      await Promise.all([look(), isStill ? null : lookAround(), isStill ? null : backstage.look()]).catch(() => {});
    }
    looking = null;
  })();
  await looking;
}

function toggles(opener, panel) {
  pick(opener).addEventListener("click", () => {
    const box = pick(panel);
    box.hidden = !box.hidden;
    pick(opener).setAttribute("aria-expanded", String(!box.hidden));
    if (!box.hidden) refresh();
  });
}

document.documentElement.classList.toggle("dark", asked.get("theme") === "dark");
document.documentElement.classList.toggle("still", isStill);
if (isStill) {
  speak(me.language);
  await Promise.all([look(), lookAround()]);
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  log.scrollTop = log.scrollHeight;
} else {
  const wide = matchMedia("(min-width: 900px)");
  pick("#places").hidden = !wide.matches;
  pick("#show-places").setAttribute("aria-expanded", String(wide.matches));
  toggles("#show-places", "#places");
  toggles("#show-backstage", "#backstage");
  pick("#theme").addEventListener("click", () => document.documentElement.classList.toggle("dark"));
  translate();
  new EventSource("/sim/live").addEventListener("message", refresh);
}
