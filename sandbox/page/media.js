// Pictures, films and files of messages.

import { uncover } from "./entities.js";
import { node, pressable } from "./node.js";
import { say } from "./words.js";

export const file = (id) => `/sim/files/${encodeURIComponent(id)}`;

function bytes(size) {
  return size >= 1e6 ? `${(size / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(size / 1e3))} kB`;
}

function length(seconds) {
  const whole = Math.round(seconds ?? 0);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

// `data-medium` tells which nodes show the same, so that an edit of the words below does not end a film.
export function medium(message, hands) {
  const { kind, file_id: id, file_name: name, size, width, height, spoiler } = message.media;
  const shape = { class: "media", width: width || null, height: height || null };
  const shown = kind === "photo" ? node("img", { ...shape, src: file(id), alt: say("photo") })
    : kind === "video" || kind === "animation" ? clip(message.media, shape, hands)
      : null;
  if (shown) {
    const made = spoiler ? veiled(shown) : shown;
    made.dataset.medium = `${kind} ${id} ${spoiler}`;
    return made;
  }
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
    return node("div", { class: "clip" }, still, badge, node("span", { class: "play" }, "▶"));
  }
  const player = node("video", {
    ...shape, src: file(media.file_id), poster: picture ? file(picture.file_id) : null, preload: "metadata", playsinline: true,
    "aria-label": say("video"), tabindex: "-1",
  });
  const start = node("button", { type: "button", class: "play", "aria-label": say("play"), onclick: () => player.play() }, "▶");
  const box = node("div", { class: "clip" }, player, badge, start);
  player.addEventListener("click", () => player.controls || player.play());
  player.addEventListener("play", () => {
    player.controls = true;
    player.tabIndex = 0;
    if (document.activeElement === start) player.focus();
    start.remove();
    badge.remove();
  });
  return box;
}

function veiled(shown) {
  shown.inert = true;
  const veil = pressable("div", { class: "shade veil", "data-cover": "veil", "aria-label": say("spoiler") }, () => veil.classList.contains("veil") && veil.reveal(), shown);
  veil.reveal = () => { uncover(veil, "veil"); shown.inert = false; };
  return veil;
}
