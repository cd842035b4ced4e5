// A text field with a list of suggestions below it, by the ARIA combobox pattern.
//
//   new Choice(input, list, { find: async (typed) => [{label, hint, value}], picked: (value) => {} });

const PAUSE_MS = 150;

export class Choice {
  #input;
  #list;
  #find;
  #picked;
  #options = [];
  #at = -1;
  #timer = null;
  #asked = 0;

  constructor(input, list, { find, picked }) {
    this.#input = input;
    this.#list = list;
    this.#find = find;
    this.#picked = picked;
    input.addEventListener("input", () => this.#typed());
    input.addEventListener("focus", () => { if (!input.value) this.#typed(); });
    input.addEventListener("keydown", (event) => this.#key(event));
    input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => this.#clicked(event));
  }

  close() {
    clearTimeout(this.#timer);
    this.#asked++;
    this.#list.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
    this.#input.removeAttribute("aria-activedescendant");
    this.#at = -1;
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), PAUSE_MS);
  }

  async #look() {
    const asked = ++this.#asked;
    const found = await this.#find(this.#input.value.trim());
    if (asked === this.#asked && document.activeElement === this.#input) this.#show(found);
  }

  #show(found) {
    this.#options = found;
    this.#list.replaceChildren(...found.map((option, at) => this.#item(option, at)));
    this.#list.hidden = found.length === 0;
    this.#input.setAttribute("aria-expanded", String(found.length > 0));
    this.#move(found.length === 1 ? 0 : -1);
  }

  #item({ label, hint }, at) {
    const item = document.createElement("li");
    item.id = `${this.#list.id}-${at}`;
    item.setAttribute("role", "option");
    item.dataset.at = at;
    item.append(label);
    if (hint) {
      const small = document.createElement("small");
      small.textContent = hint;
      item.append(small);
    }
    return item;
  }

  #key(event) {
    if (this.#list.hidden) {
      if (event.key === "ArrowDown") { event.preventDefault(); this.#look(); }
      return;
    }
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      event.preventDefault();
      this.#move((this.#at + steps[event.key] + this.#options.length) % this.#options.length);
    } else if (event.key === "Enter" && this.#at >= 0) {
      event.preventDefault();
      this.#pick(this.#at);
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.close();
    }
  }

  #move(at) {
    this.#at = at;
    [...this.#list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
    if (at < 0) return this.#input.removeAttribute("aria-activedescendant");
    const item = this.#list.children[at];
    this.#input.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  }

  #clicked(event) {
    const item = event.target.closest("[role=option]");
    if (item) this.#pick(Number(item.dataset.at));
  }

  #pick(at) {
    const { label, value } = this.#options[at];
    this.#input.value = label;
    this.close();
    this.#picked(value);
  }
}
