// A text field with a list of suggestions below it: the combobox pattern with a listbox popup
// (WAI-ARIA Authoring Practices 1.2).
//
//   new Combobox(input, list, { find: async (typed) => [{label, hint, value}], pick: (value) => {} });
//   enhance(select);  // a <select data-choose> becomes a field in which one types to find an option
//   suggest(input);   // an <input data-suggest="/address"> gets suggestions from the server
//
// Without this script a select works as it is. `data-words` of an option also finds it, `data-hint`
// is shown beside it, and with `data-fills="department"` choosing sets that other select to the
// option's `data-fill`.

import { ask } from "./ask.js";

const PAUSE_MS = 150;
const MOST = 8;

/** @typedef {{label: string, hint?: string, value: any}} Suggestion */

/** @param {string} text */
export const plain = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");

export class Combobox {
  /** @type {HTMLInputElement} */ #input;
  /** @type {HTMLElement} */ #list;
  /** @type {(typed: string) => Promise<Suggestion[]> | Suggestion[]} */ #find;
  /** @type {(value: any) => void} */ #pick;
  /** @type {Suggestion[]} */ #shown = [];
  #active = -1;
  #asked = 0;
  /** @type {number | undefined} */ #timer;

  /**
   * @param {HTMLInputElement} input
   * @param {HTMLElement} list
   * @param {{find: (typed: string) => Promise<Suggestion[]> | Suggestion[], pick: (value: any) => void}} does
   */
  constructor(input, list, { find, pick }) {
    this.#input = input;
    this.#list = list;
    this.#find = find;
    this.#pick = pick;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", list.id);
    input.setAttribute("aria-expanded", "false");
    input.autocomplete = "off";
    list.setAttribute("role", "listbox");
    list.classList.add("choose-list");
    list.hidden = true;
    input.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.open(this.#input.value), PAUSE_MS);
    });
    input.addEventListener("click", () => this.open(""));
    input.addEventListener("keydown", (event) => this.#key(event));
    input.addEventListener("blur", () => this.close());
    list.addEventListener("pointerdown", (event) => this.#pressed(event));
  }

  /** Show what fits; an answer that comes after the field was left, or late, is dropped. @param {string} typed */
  async open(typed) {
    if (this.#input.readOnly) return;
    const asked = ++this.#asked;
    const found = await this.#find(typed.trim());
    if (asked !== this.#asked || document.activeElement !== this.#input) return;
    this.#shown = found;
    this.#list.replaceChildren(...found.map((one, at) => this.#item(one, at)));
    this.#list.hidden = found.length === 0;
    this.#input.setAttribute("aria-expanded", String(!this.#list.hidden));
    this.#mark(typed.trim() && found.length ? 0 : -1);
  }

  close() {
    clearTimeout(this.#timer);
    this.#asked++;
    this.#list.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
    this.#mark(-1);
  }

  /** @param {Suggestion} one @param {number} at */
  #item({ label, hint }, at) {
    const item = document.createElement("li");
    item.id = `${this.#list.id}-${at}`;
    item.setAttribute("role", "option");
    item.dataset.at = String(at);
    item.append(label);
    if (hint) {
      const small = document.createElement("small");
      small.textContent = hint;
      item.append(small);
    }
    return item;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (this.#list.hidden) this.open("");
      else this.#mark((this.#active + (event.key === "ArrowDown" ? 1 : -1) + this.#shown.length) % this.#shown.length);
    } else if (event.key === "Enter" && this.#active >= 0) {
      event.preventDefault();
      this.#take(this.#active);
    } else if (event.key === "Escape" && !this.#list.hidden) {
      event.preventDefault();
      this.close();
    }
  }

  /** @param {number} at */
  #mark(at) {
    this.#active = at;
    const items = /** @type {HTMLElement[]} */ ([...this.#list.children]);
    items.forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
    if (at < 0 || !items[at]) return this.#input.removeAttribute("aria-activedescendant");
    this.#input.setAttribute("aria-activedescendant", items[at].id);
    items[at].scrollIntoView({ block: "nearest" });
  }

  /** Before the blur that a press outside of the field brings. @param {PointerEvent} event */
  #pressed(event) {
    event.preventDefault();
    const item = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[role=option]"));
    if (item) this.#take(Number(item.dataset.at));
  }

  /** @param {number} at */
  #take(at) {
    const { label, value } = this.#shown[at];
    this.#input.value = label;
    this.close();
    this.#pick(value);
  }
}

/** @param {HTMLOptionElement} option @param {string[]} words */
function rank(option, words) {
  const name = plain(option.text);
  const more = plain(option.dataset.words ?? "").split(/\s+/);
  let score = 0;
  for (const word of words) {
    if (name.startsWith(word)) score += 3;
    else if (name.includes(` ${word}`)) score += 2;
    else if (more.some((own) => own.startsWith(word))) score += 1;
    else return 0;
  }
  return score;
}

/** @param {HTMLOptionElement[]} options @param {string} typed */
function fitting(options, typed) {
  const words = plain(typed).split(/\s+/).filter(Boolean);
  if (!words.length) return options;
  return options.map((option) => ({ option, score: rank(option, words) })).filter(({ score }) => score)
    .sort((one, two) => two.score - one.score).slice(0, MOST).map(({ option }) => option);
}

/** Let one type into a select. @param {HTMLSelectElement} select */
export function enhance(select) {
  if (select.hidden) return; // it is one already
  const options = [...select.options].filter((option) => option.value);
  const box = document.createElement("div");
  const input = document.createElement("input");
  const list = document.createElement("ul");
  const label = select.labels[0];
  box.className = "choose";
  list.id = `${select.id}-list`;
  list.setAttribute("aria-label", label?.textContent?.trim() ?? "");
  Object.assign(input, { type: "text", id: `${select.id}-find`, spellcheck: false, required: select.required });
  input.placeholder = select.dataset.hint ?? "Type to find";
  if (label) label.htmlFor = input.id;
  select.hidden = true;
  select.required = false;
  select.after(box);
  box.append(input, list);

  const reset = () => {
    input.value = select.value ? select.selectedOptions[0].text : "";
    input.setCustomValidity("");
  };
  /** @param {HTMLOptionElement} option */
  const choose = (option) => {
    select.value = option.value;
    const other = /** @type {HTMLSelectElement | null} */ (document.getElementById(select.dataset.fills ?? ""));
    if (other && option.dataset.fill) other.value = option.dataset.fill;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    reset();
  };
  new Combobox(input, list, {
    find: (typed) => fitting(options, typed).map((option) => ({ label: option.text, hint: option.dataset.hint, value: option })),
    pick: choose,
  });
  input.addEventListener("input", () => {
    select.value = "";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    input.setCustomValidity(input.value ? "Pick one from the list." : "");
  });
  input.addEventListener("focus", () => input.select());
  input.addEventListener("blur", () => {
    const exact = options.find((option) => plain(option.text) === plain(input.value.trim()));
    if (!select.value && exact) choose(exact);
  });
  reset();
  input.readOnly = select.hasAttribute("data-readonly");
  if (select.hasAttribute("data-first")) input.focus();
}

/**
 * Suggest what the server knows while one types. The part at `data-suggest` lists options; its
 * paragraph says how the text stands, and goes into the hint of the field.
 *
 * @param {HTMLInputElement} input
 */
export function suggest(input) {
  const address = input.dataset.suggest ?? "";
  const hint = document.getElementById(`${input.id}-hint`);
  const box = document.createElement("div");
  const list = document.createElement("ul");
  box.className = "choose";
  list.id = `${input.id}-list`;
  list.setAttribute("aria-label", input.labels?.[0]?.textContent?.trim() ?? "");
  input.before(box);
  box.append(input, list);

  /** @param {string} typed @returns {Promise<Suggestion[]>} */
  const find = async (typed) => {
    const answer = await ask("GET", `${address}?${new URLSearchParams({ [input.name]: typed })}`, { part: true });
    const part = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (hint) hint.textContent = part.querySelector("p")?.textContent ?? "";
    return [...part.querySelectorAll("option")].map((option) => ({ label: option.value, hint: option.text, value: option }));
  };
  /** @param {string} typed Without the server, the field stays a plain one. */
  const tryToFind = (typed) => find(typed).catch(() => /** @type {Suggestion[]} */ ([]));
  new Combobox(input, list, { find: tryToFind, pick: () => tryToFind(input.value) });
  if (input.value) tryToFind(input.value);
}

/** Let one type into every field of a page or a part that asks for it. @param {ParentNode} root */
export function enhanceAll(root) {
  for (const input of root.querySelectorAll("input[data-suggest]")) suggest(/** @type {HTMLInputElement} */ (input));
  for (const select of root.querySelectorAll("select[data-choose]")) enhance(/** @type {HTMLSelectElement} */ (select));
}

enhanceAll(document);
