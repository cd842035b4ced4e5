// The conversation as it grows, the newest at the bottom. It follows by itself until the reader
// scrolls up; then a pill leads back to the present.

const WHO = { caller: "Caller", line: "Line", agent: "You" };
const NEAR_PX = 40;

export class Talk {
  #box;
  #pill;
  #fetch;
  #handover = null;
  #last = 0;
  #running = false;
  #again = false;

  // fetch(handover, after) brings the utterances after that id.
  constructor(box, pill, fetch) {
    this.#box = box;
    this.#pill = pill;
    this.#fetch = fetch;
    box.addEventListener("scroll", () => this.#showPill());
    pill.addEventListener("click", () => this.#toEnd());
  }

  show(handover) {
    if (handover !== this.#handover) {
      this.#handover = handover;
      this.#last = 0;
      this.#box.replaceChildren();
      this.#box.classList.toggle("is-empty", true);
    }
    if (handover !== null) this.refresh();
  }

  async refresh() {
    if (this.#handover === null) return;
    this.#again = this.#running;
    if (this.#running) return;
    this.#running = true;
    try {
      const handover = this.#handover;
      const said = await this.#fetch(handover, this.#last);
      if (handover === this.#handover) this.#add(said);
    } finally {
      this.#running = false;
    }
    if (this.#again) this.refresh();
  }

  #add(said) {
    const follows = this.#atEnd();
    for (const one of said.filter(({ id }) => id > this.#last)) {
      this.#box.append(line(one));
      this.#last = one.id;
    }
    if (said.length) this.#box.classList.remove("is-empty");
    if (follows) this.#toEnd();
    else this.#showPill();
  }

  #atEnd() { return this.#box.scrollHeight - this.#box.scrollTop - this.#box.clientHeight < NEAR_PX; }
  #showPill() { this.#pill.hidden = this.#atEnd(); }

  #toEnd() {
    this.#box.scrollTop = this.#box.scrollHeight;
    this.#pill.hidden = true;
  }
}

function line({ speaker, text, keys, at }) {
  const item = document.createElement("div");
  item.className = `said said-${speaker in WHO ? speaker : "line"}`;
  const who = document.createElement("span");
  who.className = "said-who";
  who.textContent = WHO[speaker] || speaker;
  const time = document.createElement("time");
  time.dateTime = at;
  time.textContent = new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  who.append(time);
  const words = document.createElement("p");
  words.textContent = text;
  if (keys) words.append(key(keys));
  item.append(who, words);
  return item;
}

function key(keys) {
  const pressed = document.createElement("kbd");
  pressed.textContent = keys;
  pressed.title = "Pressed on the keypad";
  return pressed;
}
