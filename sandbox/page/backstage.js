// What goes on between the bot and Telegram, and what is to go wrong there.

import { ask, tell } from "./ask.js";
import { node } from "./nodes.js";
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
      node("button", { type: "button", onclick: () => tell("faults", order) }, say(`fault.${name}`)));
    const calm = node("button", { type: "button", onclick: () => tell("faults", {}, "DELETE") }, say("fault.none"));
    pick("#faults").replaceChildren(...orders, calm);
  }

  // Only while somebody looks at it.
  async look() {
    if (pick("#backstage").hidden) return;
    const { calls } = await ask(`calls?since=${this.#seen}`);
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
      node("pre", {}, JSON.stringify(call.params, null, 1)), node("pre", {}, written(call.answer)));
  }
}

function written(answer) {
  return typeof answer === "string" ? answer : JSON.stringify(answer, null, 1);
}
