// Replay of one recording: waveforms, sound, and the words as they are spoken.

import { Sound } from "./sound.js";
import { clock, draw, mark } from "./wave.js";
import { Words, search } from "./words.js";

const SPEED_KEY = "swiftline.replay.speed";
const STEP_S = 5;

/** @typedef {{toggle: () => void, go: (seconds: number, andPlay: boolean) => Promise<void>, now: () => number, find: () => void}} Controls */

/** @param {HTMLElement} root */
function start(root) {
  if (root.dataset.started) return;
  root.dataset.started = "yes";
  const get = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (root.querySelector(selector));
  const all = (/** @type {string} */ selector) => /** @type {HTMLElement[]} */ ([...root.querySelectorAll(selector)]);
  const media = /** @type {HTMLAudioElement} */ (get("#sound"));
  const note = get("#replay-note");
  const duration = Number(root.dataset.duration);
  const say = (/** @type {string} */ words) => { note.textContent = words; note.hidden = !words; };
  const sound = new Sound(root.dataset.openUrl ?? "", media, say);
  let words = new Words(get("#words"));
  const wave = draw(root, media, JSON.parse(get("#peaks").textContent ?? "[]"), duration);
  const now = () => (sound.isOpen ? media.currentTime : sound.wanted);

  function paint() {
    get("#now").textContent = clock(now());
    words.show(now(), !media.paused);
  }
  function tick() {
    paint();
    if (!media.paused) requestAnimationFrame(tick);
  }
  function showPlaying() {
    get("#play").setAttribute("aria-label", media.paused ? "Play" : "Pause");
    get("#play").classList.toggle("is-playing", !media.paused);
  }
  /** Say what went wrong, if anything did. @param {() => Promise<void> | void} does */
  async function tried(does) {
    say("");
    try {
      await does();
    } catch (error) {
      const { name, message } = /** @type {Error} */ (error);
      if (name !== "AbortError") say(message);
    }
  }
  /** @param {number} seconds @param {boolean} andPlay */
  function go(seconds, andPlay) {
    const at = Math.min(Math.max(0, seconds), Math.max(0, duration - 0.05));
    return tried(async () => {
      await sound.seek(at);
      wave.setTime(at);
      paint();
      if (andPlay && media.paused) await sound.play();
    });
  }
  const toggle = () => tried(() => (media.paused ? sound.play() : media.pause()));

  media.preservesPitch = true;
  media.addEventListener("play", () => { showPlaying(); tick(); });
  media.addEventListener("pause", () => { showPlaying(); paint(); });
  media.addEventListener("ended", showPlaying);
  media.addEventListener("seeked", paint);
  wave.on("interaction", (seconds) => go(seconds, false));
  get("#play").addEventListener("click", toggle);
  get("#back").addEventListener("click", () => go(now() - STEP_S, false));
  get("#forth").addEventListener("click", () => go(now() + STEP_S, false));
  for (const button of all("[data-mute]")) {
    button.addEventListener("click", () => {
      const isMuted = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(isMuted));
      sound.mute(Number(button.dataset.mute), isMuted);
    });
  }
  get("#transcript").addEventListener("click", (event) => {
    const place = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-s]"));
    if (place) go(Number(place.dataset.s), true);
  });
  get("#copy-link").addEventListener("click", () => copyLink(now(), say));

  search(root, () => words, {
    go: (at) => go(at, false),
    mark: (times) => mark(get("#find-marks"), times, duration),
  });
  keys({ toggle, go, now, find: () => get("#find").focus() });
  speeds(media, all("[data-speed]"));
  mark(get("#key-marks"), all(".turn--keys [data-s]").map((key) => Number(key.dataset.s)), duration);
  const t = Number(new URL(location.href).searchParams.get("t"));
  if (t > 0) go(t, false).then(() => {
    const near = words.spans.find((span) => Number(span.dataset.e) >= t);
    if (near) words.reveal(near);
  });
  root.addEventListener("htmx:afterSettle", () => { words = new Words(get("#words")); });
  root.dataset.ready = "yes";
}

/** @param {HTMLAudioElement} media @param {HTMLElement[]} options */
function speeds(media, options) {
  const set = (/** @type {number} */ value) => {
    media.defaultPlaybackRate = value;
    media.playbackRate = value;
    sessionStorage.setItem(SPEED_KEY, String(value));
    for (const option of options) {
      option.setAttribute("aria-pressed", String(Number(option.dataset.speed) === value));
    }
  };
  for (const option of options) option.addEventListener("click", () => set(Number(option.dataset.speed)));
  set(Number(sessionStorage.getItem(SPEED_KEY)) || 1);
}

/** @param {number} at seconds @param {(words: string) => void} say */
async function copyLink(at, say) {
  const address = new URL(location.pathname, location.href);
  address.searchParams.set("t", at.toFixed(1));
  try {
    await navigator.clipboard.writeText(address.href);
    say(`Link to ${clock(at)} copied.`);
  } catch {
    say(address.href);
  }
}

/** @param {Controls} controls */
function keys({ toggle, go, now, find }) {
  document.addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target);
    const isTyping = target.matches("input, textarea, select, [contenteditable]");
    const isControl = target.matches("button, a, summary, label");
    if (event.code === "Space" && (event.altKey || !(isTyping || isControl))) {
      event.preventDefault();
      toggle();
      return;
    }
    if (isTyping || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      event.preventDefault();
      go(now() + (event.key === "ArrowLeft" ? -STEP_S : STEP_S), false);
    } else if (event.key === "/") {
      event.preventDefault();
      find();
    }
  });
}

function startAll() {
  for (const root of document.querySelectorAll("[data-replay]")) start(/** @type {HTMLElement} */ (root));
}

document.addEventListener("DOMContentLoaded", startAll);
document.addEventListener("htmx:afterSettle", startAll);
