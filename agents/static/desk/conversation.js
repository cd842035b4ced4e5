// The conversation as it grows, the newest at the bottom. It follows by itself until the reader
// scrolls up; then a pill leads back to the present.

const NEAR_PX = 40;

export class Conversation {
  #box;
  #pill;
  #fetch;
  #running = false;
  #again = false;

  /**
   * @param {HTMLElement} box holds a line per utterance, each with its `data-id`
   * @param {HTMLElement} pill
   * @param {(after: number) => Promise<string>} fetch brings the lines after that id, as HTML
   */
  constructor(box, pill, fetch) {
    this.#box = box;
    this.#pill = pill;
    this.#fetch = fetch;
    box.addEventListener("scroll", () => this.#showPill());
    pill.addEventListener("click", () => this.#toEnd());
    this.#toEnd();
  }

  async refresh() {
    this.#again = this.#running;
    if (this.#running) return;
    this.#running = true;
    try {
      this.#add(await this.#fetch(this.#last));
    } finally {
      this.#running = false;
    }
    if (this.#again) this.refresh();
  }

  get #last() {
    const last = /** @type {HTMLElement | null} */ (this.#box.lastElementChild);
    return Number(last?.dataset.id ?? 0);
  }

  /** @param {string} html */
  #add(html) {
    if (!html.trim()) return;
    const follows = this.#isAtEnd();
    this.#box.insertAdjacentHTML("beforeend", html);
    if (follows) this.#toEnd();
    else this.#showPill();
  }

  #isAtEnd() { return this.#box.scrollHeight - this.#box.scrollTop - this.#box.clientHeight < NEAR_PX; }
  #showPill() { this.#pill.hidden = this.#isAtEnd(); }

  #toEnd() {
    this.#box.scrollTop = this.#box.scrollHeight;
    this.#pill.hidden = true;
  }
}
