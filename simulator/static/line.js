// Line: one of the softphone's lines, with its call, its conversation and its numbers.
//
// A line that is not chosen is parked: nobody there hears the person, and nothing is heard of it; its
// captions go on.
(() => {
  "use strict";
  const WORDS = { idle: "Ready to call", rung: "Incoming call", connecting: "Opening the line", ringing: "Ringing", open: "Connected", reconnecting: "Reconnecting" };

  const DEAF = "Your microphone gives no sound at all. Is it switched off?";
  const DEAF_MS = 5000;  // some microphones are quite silent between two words

  function clock(date = new Date()) {
    return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  }

  class Line {
    // number: which line it is, from 1. onchange: something is to be drawn anew. onlevels: (spoken,
    // heard) while this line is chosen.
    constructor({ number, list, empty, pill, onchange, onlevels }) {
      this.number = number;
      this.talk = new Conversation(list, empty, pill);
      this.onchange = onchange;
      this.onlevels = onlevels;
      this.device = new Phone.Device(null, {
        url: location.origin.replace(/^http/, "ws") + "/phone",
        microphone: "optional",
      });
      this.device.on("error", (error) => this.#trouble(error));
      this.device.on("incoming", (call) => this.#rung(call));
      this.device.on("connected", () => this.#ask());
      this.device.on("lost", () => { if (this.ringsAs) this.#soon(); });
      this.ringsAs = "";
      this.to = "";
      this.from = "";
      this.digits = "";
      this.notice = "";
      this.call = null;
      this.isMuted = false;
      this.isChosen = false;
      this.#become("idle");
    }

    get isBusy() { return this.call !== null; }

    get elapsed() {
      const seconds = this.startedAt ? Math.floor(((this.endedAt || Date.now()) - this.startedAt) / 1000) : 0;
      const pad = (value) => String(value).padStart(2, "0");
      return `${pad(Math.floor(seconds / 60))}:${pad(seconds % 60)}`;
    }

    // Asks to be rung when the account calls this number or client; "" for no longer.
    ringAs(number) {
      if (number === this.ringsAs) return;
      this.ringsAs = number;
      this.#ask();
    }

    #ask() {
      if (this.device.state === "destroyed") return;
      this.device.send({ event: "ring", number: this.ringsAs }).catch(() => {});
    }

    #soon() {
      setTimeout(() => { if (this.ringsAs) this.#ask(); }, 1500);
    }

    answer() {
      if (this.state !== "rung") return;
      this.call.accept();
      this.#become("connecting");
    }

    #begin() {
      this.talk.clear();
      Object.assign(this, { notice: "", digits: "", startedAt: 0, endedAt: 0, isMuted: false });
    }

    #rung(call) {
      if (this.isBusy) return call.reject();
      this.#begin();
      this.call = call;
      this.#listen(call);
      call.on("cancel", () => this.#ended(call, "They gave up before you answered"));
      call.on("reject", () => this.#ended(call, "You declined the call"));
      return this.#become("rung", `Incoming call from ${call.parameters.From}`);
    }

    async dial() {
      if (this.isBusy) return;
      this.#begin();
      const call = this.call = await this.device.connect({ params: { To: this.to, From: this.from } });
      this.#listen(call);
      this.#become("connecting");
      setTimeout(() => this.#explainPrompt(call), 1500);
    }

    hangUp() {
      if (this.state === "rung") this.call.reject();
      else if (this.call) this.call.disconnect();
    }

    mute(on) {
      if (!this.call) return;
      this.isMuted = on;
      this.#park();
      this.onchange(this);
    }

    // False when the line takes no keys now.
    press(digit) {
      if (this.state !== "open") return false;
      this.call.sendDigits(digit);
      this.digits += digit;
      this.talk.presses(digit, this.elapsed);
      this.onchange(this);
      return true;
    }

    choose(on) {
      this.isChosen = on;
      this.talk.show(on);
      this.#park();
    }

    close() {
      this.device.destroy();
    }

    // Only the chosen line is spoken on and listened to.
    #park() {
      if (!this.call) return;
      this.call.mute(this.isMuted || !this.isChosen);
      if (this.call.sound) this.call.sound.silence(!this.isChosen);
    }

    #listen(call) {
      call.on("ringing", () => { this.#park(); this.#become("ringing"); });
      call.on("accept", () => {
        this.startedAt = Date.now();
        this.talk.notes(`Connected ${clock()}`);
        this.#park();
        this.#become("open");
      });
      call.on("disconnect", () => this.#ended(call));
      call.on("volume", (spoken, heard) => this.isChosen && this.onlevels(spoken, heard));
      call.on("warning", (name, trouble) => this.#warned(name, trouble));
      call.on("warning-cleared", () => this.#heardAgain());
      call.on("reconnecting", () => this.#become("reconnecting"));
      call.on("reconnected", () => this.#become("open"));
      call.on("caption", (caption) => this.talk.says({ ...caption, at: this.elapsed }));
      call.on("transferred", () => this.talk.notes("You are through to somebody"));
      call.on("released", () => this.talk.notes("They have left the call"));
    }

    #ended(call, how = call.endReason) {
      this.#heardAgain();
      const lasted = this.startedAt ? ` after ${this.elapsed}` : "";
      this.talk.notes(`${how || "You hung up"}${lasted}`);
      this.endedAt = Date.now();
      this.call = null;
      this.isMuted = false;
      this.#become("idle", how || "Call ended");
      this.onlevels(0, 0);
    }

    #trouble(error) {
      const words = error.code === 31005 && !this.isBusy
        ? "The phone network cannot be reached. Is the simulator running?"
        : error.message;
      this.#say(words);
    }

    #warned(name, trouble) {
      if (name === "no-microphone") this.#say(`${trouble.message} Your keys still work; the line hears silence.`);
      else if (!this.call.sound.microphoneError) this.deaf = setTimeout(() => this.#say(DEAF), DEAF_MS);
    }

    #heardAgain() {
      clearTimeout(this.deaf);
      if (this.notice === DEAF) this.#say("");
    }

    #explainPrompt(call) {
      if (call !== this.call || this.state !== "connecting" || call.sound) return;
      this.#say("Your browser asks for the microphone. Allow it to speak, or refuse it and use the keys.");
      call.once("accept", () => { if (!call.sound.microphoneError) this.#say(""); });
    }

    #say(words) {
      this.notice = words;
      this.onchange(this);
    }

    #become(state, words) {
      this.state = state;
      this.words = words || WORDS[state];
      this.onchange(this);
    }
  }

  Line.clock = clock;
  globalThis.Line = Line;
})();
