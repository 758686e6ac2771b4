// What is said beside the chat: for a moment, until it is put away, or to a screen reader only.

import { say } from "./words.js";

const pick = (selector) => document.querySelector(selector);
const TOAST_LIFE = 2600, RING = 2000; // milliseconds
const READ_ALOUD = 300; // characters

let fading, unheard = 0;

export function toast(words) {
  if (!words) return;
  const box = pick("#toast");
  box.textContent = words;
  box.hidden = false;
  announce(words);
  clearTimeout(fading);
  fading = setTimeout(() => { box.hidden = true; }, TOAST_LIFE);
}

export function warn(words, afterwards) {
  pick("#alert p").textContent = words;
  pick("#alert").addEventListener("close", afterwards, { once: true });
  pick("#alert").showModal();
}

export function announce(words) {
  pick("#news").textContent = words.slice(0, READ_ALOUD);
}

// As a phone does: it rings, shows what came and counts it where nobody looks. A silent message does nothing of that.
export function ring(article, words) {
  announce(`Rushes: ${words}`);
  article.classList.add("rings");
  setTimeout(() => document.getElementById(article.id)?.classList.remove("rings"), RING);
  if (document.hidden) entitle(++unheard);
}

const entitle = (count) => { document.title = `${count ? `(${count}) ` : ""}${say("page")}`; };

document.addEventListener("visibilitychange", () => { if (!document.hidden) entitle(unheard = 0); });
