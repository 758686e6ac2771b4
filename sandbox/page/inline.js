// Inline mode: what the bot offers to somebody who writes its name and something behind it.

import { ask, tell } from "./ask.js";
import { file } from "./media.js";
import { node } from "./node.js";
import { say } from "./words.js";

const PATIENCE = 10_000, ANSWER_LOOK = 100, REST = 250; // milliseconds
const pause = (time) => new Promise((done) => setTimeout(done, time));

export class Inline {
  #latest = 0;

  // What was asked before is of no interest any more.
  forget() {
    this.#latest += 1;
  }

  // `person` as `/sim/` wants it; `chat` where the result is to stand. Entries for the list, null if something newer is asked.
  async offers(query, person, chat, begin) {
    const mine = ++this.#latest;
    await pause(REST);
    if (mine !== this.#latest) return null;
    const { inline_query_id: id } = await tell("inline", { ...person, query, chat_type: chat.chat_id < 0 ? "supergroup" : "sender" });
    for (const until = Date.now() + PATIENCE; Date.now() < until && mine === this.#latest; await pause(ANSWER_LOOK)) {
      const { answer } = await ask(`inline/${id}`);
      if (answer && mine === this.#latest) return entries(answer, id, chat, begin);
    }
    return null;
  }
}

function entries({ results, button }, id, chat, begin) {
  const above = button?.start_parameter === undefined ? [] : [{ words: button.text, act: () => begin(button.start_parameter) }];
  const found = results.map((result) => ({
    words: result.title ?? say(result.type), more: result.description ?? "", picture: picture(result),
    act: () => tell("choose", { inline_query_id: id, result_id: result.id, ...chat }),
  }));
  return [...above, ...found];
}

function picture(result) {
  if (result.photo_file_id) return node("img", { src: file(result.photo_file_id), alt: "" });
  if (result.video_file_id) return node("video", { src: file(result.video_file_id), preload: "metadata", muted: true, tabindex: "-1" });
  return null;
}
