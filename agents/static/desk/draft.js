// The ticket draft of one conversation: saved every two seconds, filed by a click.

import { ask } from "../../../ui/ask.js";
import { Combobox, enhanceAll } from "../../../ui/combobox.js";

const SAVE_MS = 2000;
const LEAST_LETTERS = 3;

/** @typedef {{address: string, district: string | null, lat: number | null}} Place */

export class Draft {
  /** @type {HTMLFormElement} */ #form;
  /** @type {string} */ #address;
  /** @type {() => void} */ #filed;
  /** @type {Place | null} */ #place;
  #dirty = false;
  #isOver = false;
  /** @type {Promise<void>} */ #saving = Promise.resolve();

  /** @param {HTMLFormElement} form @param {() => void} filed shows the ticket's number */
  constructor(form, filed) {
    this.#form = form;
    this.#filed = filed;
    this.#address = `/agents/conversations/${form.dataset.handover}`;
    this.#place = JSON.parse(form.dataset.place ?? "null");
    enhanceAll(form);
    new Combobox(this.#input("place_text"), this.#part("places"), {
      find: (typed) => this.#places(typed),
      pick: (place) => this.#pickPlace(place),
    });
    this.#input("place_text").addEventListener("input", () => this.#pickPlace(null));
    form.addEventListener("input", () => this.#touch());
    form.addEventListener("change", () => this.#touch());
    form.addEventListener("submit", (event) => { event.preventDefault(); this.#file(); });
    this.#show();
    const timer = setInterval(() => (this.#isOver && !this.#dirty ? clearInterval(timer) : this.save()), SAVE_MS);
    addEventListener("pagehide", () => this.save({ keepalive: true }));
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.save({ keepalive: true }); });
  }

  /** The conversation is over: what is not saved yet is tried once more, then forgotten. */
  leave() {
    this.#isOver = true;
    return this.save();
  }

  save({ keepalive = false } = {}) {
    if (!this.#dirty) return this.#saving;
    this.#dirty = false;
    this.#saving = ask("POST", `${this.#address}/draft`, { body: this.#values(), keepalive }).then(
      async (answer) => this.#say("saved", `Saved ${(await answer.json()).at}`),
      () => this.#unsaved(),
    );
    return this.#saving;
  }

  #unsaved() {
    if (this.#isOver) return;
    this.#dirty = true;
    this.#say("unsaved", "Not saved yet, trying again");
  }

  #values() {
    const { category, problem_text: problem, place_text: place, notes } = Object.fromEntries(
      ["category", "problem_text", "place_text", "notes"].map((name) => [name, this.#input(name).value]),
    );
    const { category: first, score } = this.#form.dataset;
    return {
      category: category || null,
      category_score: category && category === first && score ? Number(score) : null,
      problem_text: problem,
      place_text: place,
      place: this.#place,
      notes,
    };
  }

  async #file() {
    const button = /** @type {HTMLButtonElement} */ (this.#form.querySelector("[type=submit]"));
    button.disabled = true;
    try {
      await ask("POST", `${this.#address}/ticket`, { body: this.#values() });
      this.#dirty = false;
      this.#filed();
    } catch (error) {
      this.#say("unsaved", /** @type {Error} */ (error).message);
      button.disabled = false;
    }
  }

  /** @param {Place | null} place */
  #pickPlace(place) {
    this.#place = place;
    this.#touch();
  }

  /** @param {string} typed @returns {Promise<import("../../../ui/combobox.js").Suggestion[]>} */
  async #places(typed) {
    if (typed.length < LEAST_LETTERS) return [];
    try {
      const answer = await ask("GET", `/agents/places?q=${encodeURIComponent(typed)}`);
      const { places } = await answer.json();
      return places.map((/** @type {Place} */ place) => ({ label: place.address, hint: place.district ?? "", value: place }));
    } catch {
      return [];
    }
  }

  #touch() {
    this.#dirty = true;
    this.#say("", "…");
    this.#show();
  }

  #show() {
    const select = /** @type {HTMLSelectElement} */ (this.#form.elements.namedItem("category"));
    const department = select.selectedOptions[0]?.dataset.hint;
    this.#part("department").textContent = department ? `Goes to ${department}` : "";
    const found = this.#place && (this.#place.district || this.#place.lat != null);
    const district = this.#place?.district ? `: ${this.#place.district}` : "";
    this.#part("district").textContent = found ? `✓ On the map${district}` : "";
  }

  /** @param {string} kind @param {string} words */
  #say(kind, words) {
    const note = this.#part("saved");
    note.className = `draft-saved ${kind}`;
    note.textContent = words;
  }

  /** @param {string} name */
  #input(name) { return /** @type {HTMLInputElement} */ (this.#form.elements.namedItem(name)); }
  /** @param {string} id */
  #part(id) { return /** @type {HTMLElement} */ (this.#form.querySelector(`#${id}`)); }
}
