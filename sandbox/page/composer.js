// Where a person writes: words, the bot's command menu, IDs to try, and which message is answered.

import { ask, tell } from "./ask.js";
import { node } from "./nodes.js";
import { say } from "./words.js";

const pick = (selector) => document.querySelector(selector);
const TALLEST = 140; // pixels

export class Composer {
  #me;
  #send;
  #replyTo = 0;

  // `send(words, replyTo)` says it; `me` is who says it where.
  constructor(me, send) {
    this.#me = me;
    this.#send = send;
    const words = pick("#words");
    pick("#composer form").addEventListener("submit", (event) => { event.preventDefault(); this.#say(); });
    words.addEventListener("keydown", (event) => this.#key(event));
    words.addEventListener("input", () => this.#written());
    pick("#show-menu").addEventListener("click", () => this.#offerCommands(""));
    pick("#show-fates").addEventListener("click", () => this.#offerFates());
    pick("#replying button").addEventListener("click", () => this.forget());
    pick("#offers").addEventListener("keydown", (event) => this.#move(event));
  }

  answer(message) {
    this.#replyTo = message.message_id;
    pick("#replying span").textContent = message.text || message.caption || say(message.media?.kind ?? "…");
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
    await this.#send(words, replyTo);
  }

  #key(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.#say();
    } else if (event.key === "Escape") this.#close();
    else if (event.key === "ArrowUp" && !pick("#offers").hidden) {
      event.preventDefault();
      pick("#offers").lastElementChild?.focus();
    }
  }

  #written() {
    const box = pick("#words");
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, TALLEST)}px`;
    const begun = /^\/([a-z0-9_]*)$/i.exec(box.value);
    if (begun) this.#offerCommands(begun[1]);
    else this.#close();
  }

  async #offerCommands(begun) {
    const { id, chat, language } = this.#me;
    const { commands } = await ask(`menu?chat_id=${chat}&user_id=${id}&language=${language}`);
    this.#offer(commands.filter(({ command }) => command.startsWith(begun)).map(({ command, description }) =>
      [`/${command}`, description, () => this.#write(`/${command} `)]));
  }

  async #offerFates() {
    const { fates } = await ask("fates");
    this.#offer(fates.map(({ name, provider, kind }) => [say(`fate.${name}`), `${provider} · ${say(kind === "image" ? "photo" : "video")}`,
      async () => this.#write(`/track ${(await tell(`fates/${name}`)).id}`)]));
  }

  #offer(entries) {
    const list = pick("#offers");
    list.replaceChildren(...entries.map(([words, more, act]) => {
      const take = async () => { this.#close(); await act(); pick("#words").focus(); };
      return node("li", { role: "option", tabindex: "-1", onclick: take, onkeydown: (event) => event.key === "Enter" && take() },
        node("b", {}, words), node("small", {}, more));
    }));
    list.hidden = !entries.length;
  }

  #move(event) {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    if (event.key === "Escape") { this.#close(); pick("#words").focus(); }
    if (!step) return;
    event.preventDefault();
    (document.activeElement[step] ?? pick("#words")).focus();
  }

  #write(words) {
    const box = pick("#words");
    box.value = words;
    box.style.height = "auto";
    box.focus();
  }

  #close() {
    pick("#offers").hidden = true;
  }
}
