// What goes on between the bot and Telegram, and what is to go wrong there.

import { ask, tell } from "./ask.js";
import { node, refill } from "./node.js";
import { say } from "./words.js";

const pick = (selector) => document.querySelector(selector);
const KEPT = 200;
const HIDDEN = new Set(["getUpdates"]);

const FAULTS = {
  429: { kind: "429", retry_after: 5 },
  media: { kind: "error", code: 400, description: "Bad Request: wrong type of the web page content", method: "editMessageMedia" },
  lost: { kind: "drop_after" },
  502: { kind: "502_html" },
};

export class Backstage {
  #seen = 0;

  translate() {
    const orders = Object.entries(FAULTS).map(([name, order]) =>
      node("button", { type: "button", onclick: () => this.#order(order) }, say(`fault.${name}`)));
    const calm = node("button", { type: "button", onclick: () => this.#order({}, "DELETE") }, say("fault.none"));
    refill(pick("#faults"), [...orders, calm]);
    this.#count();
  }

  async #order(order, method) {
    await tell("faults", order, method);
    await this.#count();
  }

  // How many calls are still to go wrong.
  async #count() {
    const { waiting } = await ask("faults"), words = `${say("waiting")}: ${waiting}`;
    if (pick("#waiting").textContent !== words) pick("#waiting").textContent = words;
  }

  // Only while somebody looks at it.
  async look() {
    if (pick("#backstage").hidden) return;
    const [{ calls }] = await Promise.all([ask(`calls?since=${this.#seen}`), this.#count()]);
    const log = pick("#calls");
    const wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    for (const call of calls) {
      this.#seen = call.n;
      if (!HIDDEN.has(call.method)) log.append(this.#entry(call));
    }
    while (log.children.length > KEPT) log.firstElementChild.remove();
    if (wasAtEnd) log.scrollTop = log.scrollHeight;
  }

  #entry(call) {
    const went = call.fault ?? call.status ?? "–";
    const isFine = !call.fault && call.status === 200;
    const clock = new Date(call.time * 1000).toLocaleTimeString([], { hour12: false });
    return node("details", {},
      node("summary", {}, node("small", {}, clock), " ", node("b", {}, call.method), " ", node("span", { class: isFine ? "fine" : "amiss" }, String(went))),
      written("request", call.params), written("answer", call.answer));
  }
}

function written(name, what) {
  const words = typeof what === "string" ? what : JSON.stringify(what, null, 1);
  return node("pre", { tabindex: "0", "aria-label": say(name) }, words);
}
