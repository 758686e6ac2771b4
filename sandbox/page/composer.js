// Where a person writes: words, the bot's command menu, what it offers inline, IDs to try, and which message is answered.

import { ask, tell } from "./ask.js";
import { Inline } from "./inline.js";
import { node } from "./node.js";
import { summary } from "./nodes.js";
import { say } from "./words.js";

const pick = (selector) => document.querySelector(selector);
const TALLEST = 140; // pixels
const STEPS = {
  ArrowDown: (at, count) => (at + 1) % count, ArrowUp: (at, count) => (at - 1 + count) % count, Home: () => 0, End: (_, count) => count - 1,
};

export class Composer {
  #me;
  #hands;
  #inline = new Inline();
  #replyTo = 0;
  #opener = null;
  #asked = 0;

  // `me` is who writes where. `hands`: say(words, replyTo), person(), bot() (its name), begin(parameter).
  constructor(me, hands) {
    this.#me = me;
    this.#hands = hands;
    const words = pick("#words");
    pick("#composer form").addEventListener("submit", (event) => { event.preventDefault(); this.#say(); });
    words.addEventListener("keydown", (event) => this.#key(event));
    words.addEventListener("input", () => this.#written());
    pick("#show-menu").addEventListener("click", (event) => this.#turn(event, () => this.#commands("")));
    pick("#show-fates").addEventListener("click", (event) => this.#turn(event, () => this.#fates()));
    pick("#replying button").addEventListener("click", () => { this.forget(); words.focus(); });
    pick("#offers").addEventListener("keydown", (event) => this.#move(event));
    pick("#composer").addEventListener("keydown", (event) => event.key === "Escape" && this.#leave(event));
    pick("#composer").addEventListener("focusout", ({ relatedTarget }) => { if (relatedTarget && !pick("#composer").contains(relatedTarget)) this.#close(); });
    document.addEventListener("pointerdown", ({ target }) => { if (!pick("#composer").contains(target)) this.#close(); });
  }

  answer(message) {
    this.#replyTo = message.message_id;
    pick("#replying span").textContent = summary(message);
    pick("#replying").hidden = false;
    pick("#words").focus();
  }

  forget() {
    this.#replyTo = 0;
    pick("#replying").hidden = true;
    this.#close();
  }

  async #say() {
    const words = pick("#words").value.trim();
    if (!words) return;
    const replyTo = this.#replyTo;
    this.#write("");
    this.forget();
    await this.#hands.say(words, replyTo);
  }

  #key(event) {
    const list = pick("#offers");
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.#say();
    } else if ((event.key === "ArrowUp" || event.key === "ArrowDown") && !list.hidden) {
      event.preventDefault();
      options()[event.key === "ArrowUp" ? options().length - 1 : 0]?.focus();
    }
  }

  #written() {
    const box = pick("#words");
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, TALLEST)}px`;
    const begun = /^\/([a-z0-9_]*)$/i.exec(box.value);
    const inline = /^@(\w+)\s([^]*)$/.exec(box.value);
    if (begun) this.#offer(null, () => this.#commands(begun[1]));
    else if (inline && inline[1].toLowerCase() === this.#hands.bot().toLowerCase()) this.#offer(null, () => this.#results(inline[2]));
    else this.#close();
  }

  #turn({ currentTarget }, entries) {
    if (this.#opener === currentTarget) this.#close();
    else this.#offer(currentTarget, entries);
  }

  async #commands(begun) {
    const { id, chat, language } = this.#me;
    const { commands } = await ask(`menu?chat_id=${chat}&user_id=${id}&language=${language}`);
    return commands.filter(({ command }) => command.startsWith(begun)).map(({ command, description }) =>
      ({ words: `/${command}`, more: description, act: () => this.#write(`/${command} `) }));
  }

  async #fates() {
    const { fates } = await ask("fates");
    return fates.map(({ name, provider, kind }) => ({
      words: say(`fate.${name}`), more: `${provider} · ${say(kind === "image" ? "photo" : "video")}`,
      act: async () => this.#write(`/track ${(await tell(`fates/${name}`)).id}`),
    }));
  }

  async #results(query) {
    const { chat, thread } = this.#me;
    const place = { chat_id: chat, ...(thread ? { message_thread_id: thread } : {}) };
    const found = await this.#inline.offers(query, this.#hands.person(), place, (parameter) => this.#hands.begin(parameter));
    if (found && !found.length) return [{ words: say("nothing"), act: () => {} }];
    return found?.map((entry) => ({ ...entry, act: async () => { this.#write(""); await entry.act(); } }));
  }

  // Below `opener`, a button, or for what is being written. What was asked for before does not come any more.
  async #offer(opener, find) {
    const mine = ++this.#asked;
    if (!opener) this.#inline.forget();
    const entries = await find();
    if (mine !== this.#asked || !entries) return;
    const list = pick("#offers");
    list.replaceChildren(...entries.map((entry) => this.#option(entry)));
    this.#close();
    list.hidden = !entries.length;
    if (!opener || !entries.length) return;
    this.#opener = opener;
    opener.setAttribute("aria-expanded", "true");
    options()[0].focus();
  }

  #option({ words, more, picture, act }) {
    const take = async () => { this.#close(); pick("#words").focus(); await act(); };
    return node("li", { role: "option", tabindex: "-1", onclick: take }, picture, node("span", {}, node("b", {}, words), node("small", {}, more ?? "")));
  }

  #move(event) {
    const all = options(), step = STEPS[event.key];
    if (step) all[step(all.indexOf(document.activeElement), all.length)].focus();
    else if (event.key === "Enter" || event.key === " ") document.activeElement.click();
    else return;
    event.preventDefault();
  }

  // First the list, then the answer; the focus goes back to where the list was called from.
  #leave(event) {
    const back = this.#opener ?? pick("#words"), isOpen = !pick("#offers").hidden;
    if (!isOpen && !this.#replyTo) return;
    event.preventDefault();
    if (isOpen) this.#close();
    else this.forget();
    back.focus();
  }

  #write(words) {
    const box = pick("#words");
    box.value = words;
    box.style.height = "auto";
    box.focus();
  }

  #close() {
    this.#asked += 1;
    this.#inline.forget();
    this.#opener?.setAttribute("aria-expanded", "false");
    this.#opener = null;
    pick("#offers").hidden = true;
  }
}

const options = () => [...pick("#offers").children];
