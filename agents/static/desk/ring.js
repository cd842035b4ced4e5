// What tells an agent that a caller rings: a tone, a blinking tab, and a notification.

const RING = [[440, 480], 1.0, 2.0]; // hertz, seconds on, seconds from ring to ring
const BLINK_MS = 900;

export class Ring {
  #context = null;
  #timers = [];
  #title = document.title;
  #note = null;

  // Browsers let a page sound only after a gesture: call this from one.
  wake() {
    this.#context = this.#context || new AudioContext();
    this.#context.resume().catch(() => {});
    if ("Notification" in window && Notification.permission === "default") {
      Notification.requestPermission().catch(() => {});
    }
  }

  start(words) {
    if (this.#timers.length) return;
    const [, , period] = RING;
    this.#tone();
    this.#timers.push(setInterval(() => this.#tone(), period * 1000));
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
    const [pitches, on] = RING;
    const start = this.#context.currentTime;
    const volume = this.#context.createGain();
    volume.connect(this.#context.destination);
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.12, start + 0.02);
    volume.gain.setValueAtTime(0.12, start + on - 0.05);
    volume.gain.linearRampToValueAtTime(0, start + on);
    for (const pitch of pitches) {
      const tone = this.#context.createOscillator();
      tone.frequency.value = pitch;
      tone.connect(volume);
      tone.start(start);
      tone.stop(start + on);
    }
  }

  #notify(words) {
    if (!document.hidden || !("Notification" in window) || Notification.permission !== "granted") return;
    this.#note = new Notification("A caller rings", { body: words, tag: "swiftline-offer", requireInteraction: true });
    this.#note.onclick = () => window.focus();
  }
}
