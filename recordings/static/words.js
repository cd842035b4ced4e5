// The words of a transcript: which one is being spoken on each channel, keeping it in view, and
// finding words in them.

const FOLLOW_AGAIN_MS = 4_000;

/** @typedef {{span: HTMLElement, start: number, end: number}} Word */

/** @param {string} text */
const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/[^\p{L}\p{N}' ]/gu, "").trim();

export class Words {
  /** @type {HTMLElement} */ #box;
  #touchedAt = 0;
  /** @type {HTMLElement[]} */ spans;
  /** Sorted by start. @type {Word[][]} */ #channels = [[], []];
  /** @type {(Word | null)[]} */ #lit = [null, null];

  /** @param {HTMLElement} box */
  constructor(box) {
    this.#box = box;
    for (const kind of ["wheel", "touchmove"]) {
      box.addEventListener(kind, () => { this.#touchedAt = Date.now(); }, { passive: true });
    }
    this.spans = /** @type {HTMLElement[]} */ ([...box.querySelectorAll(".w")]);
    for (const span of this.spans) {
      this.#channels[Number(span.dataset.c)].push({
        span, start: Number(span.dataset.s), end: Number(span.dataset.e),
      });
    }
    for (const words of this.#channels) words.sort((a, b) => a.start - b.start);
  }

  /** Light the words of this moment. @param {number} seconds @param {boolean} isPlaying */
  show(seconds, isPlaying) {
    this.#channels.forEach((words, channel) => {
      const word = wordAt(words, seconds);
      const before = this.#lit[channel];
      if (word === before) return;
      before?.span.classList.remove("w--now");
      word?.span.classList.add("w--now");
      this.#lit[channel] = word;
      if (word && isPlaying) this.#follow(word.span);
    });
  }

  /** Whoever scrolls reads elsewhere: leave them alone for a while. @param {HTMLElement} span */
  #follow(span) {
    if (Date.now() - this.#touchedAt >= FOLLOW_AGAIN_MS) this.reveal(span);
  }

  /** Scroll until a word stands well inside what is seen. @param {HTMLElement} span */
  reveal(span) {
    const scrolls = getComputedStyle(this.#box).overflowY === "auto";
    const box = this.#box.getBoundingClientRect();
    const player = this.#box.closest(".replay")?.querySelector(".player")?.getBoundingClientRect();
    const top = scrolls ? box.top : Math.max(0, player?.bottom ?? 0);
    const height = scrolls ? box.height : innerHeight - top;
    const word = span.getBoundingClientRect();
    if (word.top >= top + height / 6 && word.bottom <= top + (height * 5) / 6) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    (scrolls ? this.#box : window).scrollBy({
      top: word.top - top - height / 3,
      behavior: calm ? "auto" : "smooth",
    });
  }

  /** The places at which a text is said, each as its words. @param {string} text */
  find(text) {
    for (const span of this.spans) span.classList.remove("w--hit", "w--hit-now");
    const wanted = plain(text).split(/\s+/).filter(Boolean);
    if (!wanted.length) return [];
    const said = this.spans.map((span) => plain(span.textContent ?? ""));
    const last = wanted.length - 1;
    /** @type {HTMLElement[][]} */
    const hits = [];
    for (let i = 0; i + wanted.length <= said.length; i += 1) {
      const fits = wanted.every((part, j) =>
        j === last ? said[i + j].startsWith(part) : said[i + j] === part);
      if (fits) hits.push(this.spans.slice(i, i + wanted.length));
    }
    for (const hit of hits) for (const span of hit) span.classList.add("w--hit");
    return hits;
  }
}

/** @param {Word[]} words @param {number} seconds */
function wordAt(words, seconds) {
  let low = 0;
  let high = words.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (words[middle].start <= seconds) low = middle + 1;
    else high = middle;
  }
  const word = words[low - 1];
  return word && seconds < word.end + 0.05 ? word : null;
}

/**
 * Let one find words in a transcript: Enter goes to the next, Ctrl+Enter plays from there.
 *
 * @param {HTMLElement} root
 * @param {() => Words} words those that are shown now
 * @param {{go: (seconds: number) => void, mark: (seconds: number[]) => void}} does
 */
export function search(root, words, { go, mark }) {
  const field = /** @type {HTMLInputElement} */ (root.querySelector("#find"));
  const count = /** @type {HTMLElement} */ (root.querySelector("#found"));
  /** @type {HTMLElement[][]} */
  let hits = [];
  let current = -1;
  function look() {
    hits = words().find(field.value);
    current = -1;
    mark(hits.map((hit) => Number(hit[0].dataset.s)));
    count.textContent = field.value.trim() ? `${hits.length} found` : "";
    if (hits.length) step(1);
  }
  /** @param {number} by */
  function step(by) {
    if (!hits.length) return;
    if (current >= 0) for (const span of hits[current]) span.classList.remove("w--hit-now");
    current = (current + by + hits.length) % hits.length;
    for (const span of hits[current]) span.classList.add("w--hit-now");
    words().reveal(hits[current][0]);
    count.textContent = `${current + 1} of ${hits.length}`;
  }
  field.addEventListener("input", look);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { field.value = ""; look(); field.blur(); }
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) {
      if (hits[current]) go(Number(hits[current][0].dataset.s));
    } else {
      step(event.shiftKey ? -1 : 1);
    }
  });
  if (field.value.trim()) look();
}
