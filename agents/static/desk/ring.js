// What tells an agent that a caller rings: a tone, a blinking tab, and a notification.

const PITCHES_HZ = [440, 480];
const ON_S = 1;
const PERIOD_S = 2;
const BLINK_MS = 900;

export class Ring {
  /** @type {AudioContext | null} */ #context = null;
  /** @type {number[]} */ #timers = [];
  #title = document.title;
  /** @type {Notification | null} */ #note = null;

  // Browsers let a page sound only after a gesture: call this from one.
  wake() {
    this.#context = this.#context || new AudioContext();
    this.#context.resume().catch(() => {});
    if ("Notification" in window && Notification.permission === "default") {
      Notification.requestPermission().catch(() => {});
    }
  }

  /** @param {string} words what the notification says */
  start(words) {
    if (this.#timers.length) return;
    this.#tone();
    this.#timers.push(setInterval(() => this.#tone(), PERIOD_S * 1000));
    this.#timers.push(setInterval(() => this.#blink(), BLINK_MS));
    this.#notify(words);
  }

  stop() {
    this.#timers.splice(0).forEach(clearInterval);
    document.title = this.#title;
    if (this.#note) this.#note.close();
    this.#note = null;
  }

  #blink() {
    document.title = document.title === this.#title ? "● A caller rings" : this.#title;
  }

  #tone() {
    if (!this.#context || this.#context.state !== "running") return;
    const start = this.#context.currentTime;
    const volume = this.#context.createGain();
    volume.connect(this.#context.destination);
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.12, start + 0.02);
    volume.gain.setValueAtTime(0.12, start + ON_S - 0.05);
    volume.gain.linearRampToValueAtTime(0, start + ON_S);
    for (const pitch of PITCHES_HZ) {
      const tone = this.#context.createOscillator();
      tone.frequency.value = pitch;
      tone.connect(volume);
      tone.start(start);
      tone.stop(start + ON_S);
    }
  }

  /** @param {string} words */
  #notify(words) {
    if (!document.hidden || !("Notification" in window) || Notification.permission !== "granted") return;
    this.#note = new Notification("A caller rings", { body: words, tag: "swiftline-offer", requireInteraction: true });
    this.#note.onclick = () => window.focus();
  }
}
