// The sound of a recording: asks for a link when it is first needed, keeps the link valid, and
// mixes the two speakers. Nothing is loaded before somebody presses Play; that is written down.
import { ask } from "../../ui/ask.js";

const LINK_IS_OLD_MS = 40_000;
const RENEW_EVERY_MS = 20_000;
const LEAST_BETWEEN_RESTORES_MS = 5_000;

/** @typedef {{sound_url: string, renew_url: string}} Link */

export class Sound {
  /** @type {HTMLAudioElement} */ #media;
  /** @type {string} */ #openAddress;
  #renewAddress = "";
  /** @type {(words: string) => void} */ #say;
  /** @type {Promise<void> | null} */ #opening = null;
  #renewedAt = 0;
  #restoredAt = 0;
  /** @type {{context: AudioContext, gains: GainNode[]} | null} */ #mixer = null;
  /** @type {Record<number, boolean>} */ #mutes = {};
  /** Where to begin once the sound is there, in seconds. */
  wanted = 0;

  /**
   * @param {string} openAddress gives the first link, and notes who listens
   * @param {HTMLAudioElement} media
   * @param {(words: string) => void} say tells the person what went wrong
   */
  constructor(openAddress, media, say) {
    this.#media = media;
    this.#openAddress = openAddress;
    this.#say = say;
    media.addEventListener("error", () => this.#restore());
    setInterval(() => {
      if (!media.paused) this.#renew().catch(() => {});
    }, RENEW_EVERY_MS);
  }

  get isOpen() {
    return Boolean(this.#media.getAttribute("src"));
  }

  async play() {
    await this.#open();
    if (this.#isOld()) await this.#renew();
    this.#mix();
    await this.#media.play();
  }

  /** @param {number} seconds */
  async seek(seconds) {
    this.wanted = seconds;
    if (this.isOpen && this.#isOld()) await this.#renew();
    this.#media.currentTime = seconds;
  }

  /** @param {number} channel @param {boolean} isMuted */
  mute(channel, isMuted) {
    this.#mutes[channel] = isMuted;
    this.#applyMutes();
  }

  /** @param {string} address @returns {Promise<Link>} */
  async #ask(address) {
    const link = await (await ask("POST", address)).json();
    this.#renewedAt = Date.now();
    return link;
  }

  #isOld() {
    return Date.now() - this.#renewedAt > LINK_IS_OLD_MS;
  }

  #open() {
    if (this.isOpen) return Promise.resolve();
    this.#opening ||= this.#ask(this.#openAddress)
      .then((link) => {
        this.#renewAddress = link.renew_url;
        this.#media.src = link.sound_url;
        this.#media.currentTime = this.wanted;
        const listeners = document.getElementById("listeners");
        if (listeners && window.htmx) window.htmx.trigger(listeners, "live");
      })
      .finally(() => { this.#opening = null; });
    return this.#opening;
  }

  async #renew() {
    const link = await this.#ask(this.#renewAddress);
    const now = new URL(this.#media.src, location.href);
    if (new URL(link.sound_url, location.href).href !== now.href) this.#change(link.sound_url);
  }

  /** Go on from another address, where it is. @param {string} address */
  #change(address) {
    const { currentTime, paused, playbackRate } = this.#media;
    this.#media.src = address;
    this.#media.currentTime = currentTime;
    this.#media.playbackRate = playbackRate;
    if (!paused) this.#media.play().catch(() => {});
  }

  /** The browser lost the sound, most often because its link ran out. */
  async #restore() {
    if (!this.isOpen || Date.now() - this.#restoredAt < LEAST_BETWEEN_RESTORES_MS) {
      this.#say("The sound cannot be played just now. Reload the page to try again.");
      return;
    }
    this.#restoredAt = Date.now();
    try {
      const link = await this.#ask(this.#renewAddress);
      this.#media.autoplay = false;
      this.#change(link.sound_url);
    } catch (error) {
      this.#say(/** @type {Error} */ (error).message);
    }
  }

  /** Both speakers to both ears, each with a switch of its own. */
  #mix() {
    if (this.#mixer || !window.AudioContext) {
      this.#mixer?.context.resume();
      return;
    }
    const context = new AudioContext();
    const source = context.createMediaElementSource(this.#media);
    const isStereo = Number(this.#media.dataset.channels) === 2;
    const gains = (isStereo ? [0, 1] : [0]).map(() => context.createGain());
    for (const gain of gains) gain.connect(context.destination);
    if (isStereo) {
      const split = context.createChannelSplitter(2);
      source.connect(split);
      gains.forEach((gain, channel) => split.connect(gain, channel));
    } else {
      source.connect(gains[0]);
    }
    this.#mixer = { context, gains };
    this.#applyMutes();
  }

  #applyMutes() {
    this.#mixer?.gains.forEach((gain, channel) => {
      gain.gain.value = this.#mutes[channel] ? 0 : 1;
    });
  }
}
