// Phone.Quality: what a call tells of its own sound once a second, and when nothing is spoken.
//
// `sample` has what is known of a line that loses nothing on its way: levels, bytes and packets.
// `constant-audio-input-level` is told as in the SDK: ten equal levels in a row while not muted, which
// only a dead microphone gives; then `warning-cleared`.
(() => {
  "use strict";
  const Phone = globalThis.Phone;
  const SAMPLE_MS = 1000;
  const FRAME_BYTES = 160;
  const STREAK = 10;
  const WARNING = "constant-audio-input-level";

  class Quality {
    #call;
    #last = { bytesReceived: 0, bytesSent: 0, packetsReceived: 0, packetsSent: 0 };
    #sampledAt = Date.now();
    #level = -1;
    #streak = 0;
    #isConstant = false;

    constructor(call) { this.#call = call; }

    // levels: as the worklet reports them, about 15 times a second.
    hear(levels) {
      if (this.#call.status() !== "open") return;
      this.#watch(levels.spoken);
      if (Date.now() - this.#sampledAt < SAMPLE_MS) return;
      this.#sampledAt = Date.now();
      this.#sample(levels);
    }

    #watch(level) {
      if (this.#call.isMuted()) {
        this.#streak = 0;
        return;
      }
      this.#streak = level === this.#level ? this.#streak + 1 : 0;
      this.#level = level;
      const isConstant = this.#streak >= STREAK;
      if (isConstant === this.#isConstant) return;
      this.#isConstant = isConstant;
      this.#call.emit(isConstant ? "warning" : "warning-cleared", WARNING, null);
    }

    #sample({ spoken, heard, framesIn, framesOut }) {
      const totals = {
        bytesReceived: framesIn * FRAME_BYTES, bytesSent: framesOut * FRAME_BYTES,
        packetsReceived: framesIn, packetsSent: framesOut,
      };
      const since = Object.fromEntries(Object.entries(totals).map(([name, value]) => [name, value - this.#last[name]]));
      this.#last = totals;
      const none = { packetsLost: 0, packetsLostFraction: 0 };
      this.#call.emit("sample", {
        ...since, ...none, audioInputLevel: Math.round(spoken * 32767), audioOutputLevel: Math.round(heard * 32767),
        codecName: "pcmu", timestamp: this.#sampledAt, totals: { ...totals, ...none },
      });
    }
  }

  Phone.Quality = Quality;
})();
