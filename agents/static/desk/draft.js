// The ticket draft: filled from what the line understood, saved every two seconds, filed by a click.

import { Choice } from "./choice.js";

const SAVE_MS = 2000;
const MOST_OPTIONS = 8;

export class Draft {
  #form;
  #catalogue;
  #ask;
  #handover = null;
  #category = null;
  #place = null;
  #score = null;
  #dirty = false;
  #saving = Promise.resolve();

  // catalogue: [{code, name, words, department}]; ask(method, path, body) talks to the server.
  constructor(form, catalogue, ask) {
    this.#form = form;
    this.#catalogue = catalogue;
    this.#ask = ask;
    new Choice(this.#field("category"), form.querySelector("#categories"), {
      find: async (typed) => this.#categories(typed),
      picked: (code) => this.#pickCategory(code),
    });
    new Choice(this.#field("place_text"), form.querySelector("#places"), {
      find: (typed) => this.#places(typed),
      picked: (place) => this.#pickPlace(place),
    });
    this.#field("category").addEventListener("input", () => this.#pickCategory(null));
    this.#field("place_text").addEventListener("input", () => this.#pickPlace(null));
    form.addEventListener("input", () => this.#touch());
    form.addEventListener("submit", (event) => { event.preventDefault(); this.#file(); });
    setInterval(() => this.save(), SAVE_MS);
    addEventListener("pagehide", () => this.save({ keepalive: true }));
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.save({ keepalive: true }); });
  }

  // Fills the form for another talk, once what was typed for the last one is on its way; the same
  // talk again leaves what is being typed alone.
  show(talk) {
    if (talk && talk.handover === this.#handover) return this.#showNumber(talk.report_number);
    this.save();
    this.#handover = talk ? talk.handover : null;
    this.#dirty = false;
    this.#form.reset();
    this.#form.hidden = !talk;
    this.#say("", "");
    if (talk) this.#fill(talk);
  }

  save({ keepalive = false } = {}) {
    if (!this.#dirty || this.#handover === null) return this.#saving;
    this.#dirty = false;
    const handover = this.#handover;
    this.#saving = this.#ask("POST", `/agents/talks/${handover}/draft`, this.#values(), { keepalive }).then(
      () => this.#saved(handover),
      () => this.#unsaved(handover),
    );
    return this.#saving;
  }

  #saved(handover) {
    if (handover === this.#handover) this.#say("saved", `Saved ${clock()}`);
  }

  #unsaved(handover) {
    if (handover !== this.#handover) return;
    this.#dirty = true;
    this.#say("unsaved", "Not saved yet, trying again");
  }

  #fill({ draft, report_number: number }) {
    this.#field("problem_text").value = draft.problem_text || "";
    this.#field("place_text").value = (draft.place && draft.place.address) || draft.place_text || "";
    this.#field("notes").value = draft.notes || "";
    this.#score = draft.category_score ?? null;
    this.#pickCategory(draft.category || null);
    const known = this.#known(draft.category);
    this.#field("category").value = known ? known.name : "";
    this.#pickPlace(draft.place || null);
    this.#dirty = false;
    this.#showHeard(draft, known);
    this.#showNumber(number);
  }

  #values() {
    return {
      category: this.#category,
      category_score: this.#score,
      problem_text: this.#field("problem_text").value,
      place_text: this.#field("place_text").value,
      place: this.#place,
      notes: this.#field("notes").value,
    };
  }

  async #file() {
    const button = this.#form.querySelector("[type=submit]");
    button.disabled = true;
    try {
      const { number } = await this.#ask("POST", `/agents/talks/${this.#handover}/ticket`, this.#values());
      this.#dirty = false;
      this.#showNumber(number);
      this.#say("saved", "Filed");
      this.#form.querySelector("#filed").focus();
    } catch (error) {
      this.#say("unsaved", error.message);
    } finally {
      button.disabled = false;
    }
  }

  #showNumber(number) {
    this.#form.classList.toggle("is-filed", Boolean(number));
    this.#form.querySelector("#filed").hidden = !number;
    this.#form.querySelector("[type=submit]").hidden = Boolean(number);
    this.#form.querySelector("#filed-number").textContent = number || "";
    for (const field of this.#form.querySelectorAll("input, textarea")) field.readOnly = Boolean(number);
  }

  #showHeard(draft, known) {
    const heard = this.#form.querySelector("#heard");
    heard.hidden = !known;
    if (!known) return;
    const score = draft.category_score ? ` · ${Math.round(draft.category_score * 100)} %` : "";
    heard.textContent = `The line understood: ${known.name}${score}`;
  }

  #pickCategory(code) {
    if (code !== this.#category && this.#handover !== null) this.#touch();
    if (code !== this.#category) this.#score = code ? this.#score : null;
    this.#category = code;
    const known = this.#known(code);
    this.#form.querySelector("#department").textContent = known ? `Goes to ${known.department}` : "";
  }

  #pickPlace(place) {
    if (place !== this.#place) this.#touch();
    this.#place = place;
    const found = place && (place.district || place.lat != null);
    this.#form.querySelector("#district").textContent = found ? `✓ On the map${place.district ? `: ${place.district}` : ""}` : "";
  }

  // Every typed word must begin a word of the name or of what callers say; names come first.
  #categories(typed) {
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (text) => words.every((word) => ` ${text.toLowerCase()}`.includes(` ${word}`));
    const rank = ({ name, code, words: said }) => {
      if (fits(`${name} ${code}`)) return 0;
      return said.some(fits) ? 1 : 2;
    };
    return this.#catalogue
      .map((one) => ({ ...one, rank: rank(one) }))
      .filter((one) => one.rank < 2)
      .sort((one, other) => one.rank - other.rank)
      .slice(0, MOST_OPTIONS)
      .map(({ name, department, code }) => ({ label: name, hint: department, value: code }));
  }

  async #places(typed) {
    if (typed.length < 3) return [];
    try {
      const { places } = await this.#ask("GET", `/agents/places?q=${encodeURIComponent(typed)}`);
      return places.map((place) => ({ label: place.address, hint: place.district, value: place }));
    } catch {
      return [];
    }
  }

  #touch() {
    this.#dirty = true;
    this.#say("", "…");
  }

  #say(kind, words) {
    const note = this.#form.querySelector("#saved");
    note.className = `draft-saved ${kind}`;
    note.textContent = words;
  }

  #known(code) { return this.#catalogue.find((one) => one.code === code); }
  #field(name) { return this.#form.elements[name]; }
}

function clock() {
  return new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}
