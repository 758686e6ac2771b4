// Shows one chat of the Bot API stand-in as a phone would, and lets somebody be a person in it.

import { ask, tell } from "./ask.js";
import { Backstage } from "./backstage.js";
import { Composer } from "./composer.js";
import { node, refill } from "./node.js";
import { bubble, grouped, summary, supplant } from "./nodes.js";
import { ring, toast, warn } from "./notices.js";
import { arrange, leave } from "./panels.js";
import { LANGUAGES, say, speak } from "./words.js";

const asked = new URLSearchParams(location.search);
const isStill = asked.has("still");
const firstMessage = Number(asked.get("from") ?? 0);
const BOT_LINK = /^https:\/\/t\.me\/[a-z0-9_]+\?start=([\w-]+)$/i;
const PATIENCE = 30_000, ANSWER_LOOK = 150; // milliseconds
const AT_END = 120; // pixels

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
let rooms = [], bot = "", isFirstLook = true, isAtEnd = true, unread = 0;

// Whoever is at the end stays there while pictures come in and quotes open.
const growth = new ResizeObserver(() => { if (isAtEnd) log.scrollTop = log.scrollHeight; });

const hands = {
  isStill,
  isGroup: () => me.chat < 0,
  isMine: (message) => !message.from_bot && (message.from === me.id || me.chat > 0),
  names: personName,
  say: (words) => send(words),
  copy: async (text) => {
    const isCopied = await navigator.clipboard?.writeText(text).then(() => true, () => false);
    toast(`${say(isCopied ? "copied" : "uncopied")}: ${text}`);
  },
  press,
  open: (event, url) => {
    const code = BOT_LINK.exec(url)?.[1];
    if (!code) return;
    event.preventDefault();
    begin(code);
  },
  reply: (message) => composer.answer(message),
  show: (id) => {
    const article = document.getElementById(`m${id}`);
    article?.scrollIntoView({ block: "center" });
    article?.focus({ preventScroll: true });
  },
};

const composer = new Composer(me, { say: send, person, begin, bot: () => bot });
const backstage = new Backstage();

function person() {
  const found = Object.entries(PEOPLE).find(([, id]) => id === me.id);
  return { user_id: me.id, language_code: me.language, ...(found ? { first_name: say(found[0]) } : {}) };
}

// What the stand-in does not do is said, not swallowed.
async function order(path, body) {
  try {
    return await tell(path, body);
  } catch {
    toast(say("failed"));
    return null;
  }
}

async function send(words, replyTo) {
  const topic = me.thread ? { message_thread_id: me.thread } : {};
  const told = replyTo ? { reply_to_message_id: replyTo } : {};
  await order("say", { chat_id: me.chat, ...person(), text: words, ...topic, ...told });
}

function begin(parameter) {
  enter(me.id, 0);
  return send(`/start ${parameter}`);
}

async function press(message, made, pressed) {
  pressed.setAttribute("aria-busy", "true");
  const told = await order("press", { chat_id: me.chat, ...person(), message_id: message.message_id, data: made.callback_data });
  for (const until = Date.now() + PATIENCE; told && Date.now() < until; ) {
    const { answer } = await ask(`popups/${told.callback_query_id}`);
    if (answer) {
      if (answer.show_alert) warn(answer.text, () => comeBack(message.message_id, made.text));
      else toast(answer.text);
      break;
    }
    await new Promise((done) => setTimeout(done, ANSWER_LOOK));
  }
  pressed.removeAttribute("aria-busy");
}

// Where the focus was before an alert, even if that was edited meanwhile.
function comeBack(id, words) {
  const article = document.getElementById(`m${id}`);
  if (!article || article.contains(document.activeElement)) return;
  ([...article.querySelectorAll(".row > *")].find((one) => one.textContent === words) ?? article).focus({ preventScroll: true });
}

const gap = () => log.scrollHeight - log.scrollTop - log.clientHeight;

async function look() {
  const { chat } = me;
  const { messages } = await ask(`chats/${chat}`);
  if (chat !== me.chat) return;
  const here = messages.filter((one) => one.message_id >= firstMessage && (!me.thread || one.thread_id === me.thread));
  const groups = grouped(here);
  const kept = new Set(groups.map((group) => group[0].message_id));
  for (const [id, [, old]] of shown) if (!kept.has(id)) { old.remove(); shown.delete(id); }
  const added = groups.filter((group) => put(group, messages));
  pick("#empty")?.remove();
  if (!shown.size) log.append(node("p", { id: "empty" }, say("empty")));
  seen.set(chat, messages.at(-1)?.message_id ?? 0);
  if (isStill || isFirstLook || isAtEnd || added.some(([one]) => hands.isMine(one))) log.scrollTop = log.scrollHeight;
  else unread += added.length;
  if (!isFirstLook) added.forEach(([one]) => one.from_bot && !one.silent && ring(shown.get(one.message_id)[1], summary(one)));
  isFirstLook = false;
  tellBelow();
}

// Whether it is new; one that was edited takes the place of what stood there.
function put(group, messages) {
  const id = group[0].message_id, known = JSON.stringify(group), [before, old] = shown.get(id) ?? [];
  if (known === before) return false;
  const made = bubble(group, messages, hands);
  if (old) supplant(old, made);
  else log.append(made);
  growth.observe(made);
  shown.set(id, [known, made]);
  return !old;
}

// Who reads further up stays there, and sees that there is more.
function tellBelow() {
  isAtEnd = gap() < AT_END;
  if (isAtEnd) unread = 0;
  const isHidden = isStill || isAtEnd;
  if (isHidden && document.activeElement === pick("#below")) log.focus();
  pick("#below").hidden = isHidden;
  pick("#below").textContent = unread ? `↓ ${unread}` : "↓";
}

function personName(id) {
  const found = Object.entries(PEOPLE).find(([, number]) => number === id);
  return found ? say(found[0]) : String(id);
}

async function lookAround() {
  const told = await ask("chats");
  rooms = told.chats;
  bot = told.bot.username;
  const here = rooms.find((room) => room.id === me.chat);
  pick("#title").textContent = me.chat < 0 ? titled(here) : "Rushes";
  pick("#doing").textContent = here?.action ? say(here.action) : say(me.chat < 0 ? "group" : "bot");
  const own = { id: me.id, topics: [], last_message_id: rooms.find((room) => room.id === me.id)?.last_message_id ?? 0 };
  const entries = [own, ...rooms.filter((room) => room.id < 0)].flatMap((room) => [
    [room, 0], ...room.topics.map((thread) => [room, thread]),
  ]);
  refill(pick("#rooms"), entries.map(([room, thread]) => roomButton(room, thread)));
}

const titled = (room) => room?.title ?? "Rushes";

function roomButton(room, thread) {
  const isHere = room.id === me.chat && thread === me.thread;
  const isNew = !isHere && !thread && room.last_message_id > (seen.get(room.id) ?? 0);
  const words = thread ? `${say("topic")} ${thread}` : room.id > 0 ? `Rushes (${say("private")})` : titled(room);
  const facts = { type: "button", class: thread ? "topic" : null, "aria-current": isHere ? "true" : null, onclick: () => { enter(room.id, thread); leave(); } };
  return node("button", facts, words, isNew ? node("mark", {}, say("unread")) : null);
}

function enter(chat, thread) {
  if (chat !== me.chat || thread !== me.thread) {
    [me.chat, me.thread] = [chat, thread];
    composer.forget();
    anew();
  } else refresh();
}

// Everything is drawn once more: another chat, another person or another language.
function anew() {
  shown.clear();
  log.replaceChildren();
  isFirstLook = true;
  unread = 0;
  refresh();
}

function become(id) {
  if (me.chat > 0) [me.chat, me.thread] = [id, 0];
  me.id = id;
  composer.forget();
  choices();
  anew();
}

function choices() {
  const people = Object.entries(PEOPLE).map(([key, id]) => choice(say(key), id === me.id, () => become(id)));
  refill(pick("#people"), people);
  const languages = Object.entries(LANGUAGES).map(([code, words]) =>
    choice(words, code === me.language, () => { me.language = code; translate(); }));
  refill(pick("#languages"), languages);
}

const choice = (words, isChosen, act) =>
  node("button", { type: "button", "aria-pressed": String(isChosen), onclick: act }, words);

function translate() {
  speak(me.language);
  choices();
  backstage.translate();
  anew();
}

let looking = null, again = false, isChatDue = false;

// One look at a time; what happens meanwhile is looked at right afterwards.
async function refresh(isWritten = true) {
  again = true;
  isChatDue ||= isWritten;
  looking ??= (async () => {
    while (again) {
      const chatToo = isChatDue;
      again = isChatDue = false;
      await Promise.all([chatToo ? look() : null, lookAround(), backstage.look()])
        .catch(() => { isChatDue ||= chatToo; pick("#doing").textContent = say("away"); });
    }
    looking = null;
  })();
  await looking;
}

// The first number counts what is written in the chats, the others what goes on around them.
function listen() {
  let written;
  const source = new EventSource("/sim/live");
  source.addEventListener("message", ({ data }) => {
    const [now] = data.split(" ");
    refresh(now !== written);
    written = now;
  });
  source.addEventListener("error", () => { pick("#doing").textContent = say("away"); written = undefined; });
}

function darken(isDark) {
  document.documentElement.classList.toggle("dark", isDark);
  pick("#theme").setAttribute("aria-pressed", String(isDark));
}

darken(asked.has("theme") ? asked.get("theme") === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
document.documentElement.classList.toggle("still", isStill);
if (isStill) {
  speak(me.language);
  if (asked.has("around")) {
    for (const panel of ["#places", "#backstage"]) pick(panel).hidden = false;
    choices();
    backstage.translate();
  }
  await Promise.all([look(), lookAround(), backstage.look()]);
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  log.scrollTop = log.scrollHeight;
} else {
  arrange(() => refresh());
  pick("#theme").addEventListener("click", () => darken(!document.documentElement.classList.contains("dark")));
  pick("#below").addEventListener("click", () => { log.scrollTop = log.scrollHeight; pick("#words").focus(); });
  log.addEventListener("scroll", tellBelow);
  translate();
  listen();
  // On a phone that would open the keyboard.
  if (matchMedia("(hover: hover)").matches) pick("#words").focus();
}
