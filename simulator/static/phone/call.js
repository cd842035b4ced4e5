// Phone.Call: one call of a Phone.Device, with the names of the Twilio Voice SDK 2.x.
(() => {
  "use strict";
  const Phone = globalThis.Phone;
  const { Emitter, TwilioError, InvalidArgumentError, InvalidStateError, NotSupportedError } = Phone;
  const ISSUES = ["audio-latency", "choppy-audio", "dropped-call", "echo", "noisy-call", "one-way-audio"];

  class Call extends Emitter {
    #device;
    #status;
    #direction;
    #muted = false;
    #ring = null;
    #sound = null;
    #constraints;
    #hasAccepted = false;

    constructor(device, { ref, direction, parameters = {}, customParameters = {}, status, constraints }) {
      super();
      this.#device = device;
      this.ref = ref;
      this.#direction = direction;
      this.#status = status;
      this.#constraints = constraints;
      this.parameters = parameters;
      this.customParameters = new Map(Object.entries(customParameters));
      this.callerInfo = parameters.StirStatus
        ? { isVerified: parameters.StirStatus === "TN-Validation-Passed-A" }
        : null;
      this.outboundConnectionId = direction === "OUTGOING" ? ref : undefined;
    }

    get direction() { return this.#direction; }
    get codec() { return "pcmu"; }
    get connectToken() { return undefined; }
    status() { return this.#status; }
    isMuted() { return this.#muted; }
    get sound() { return this.#sound; }
    getLocalStream() { return this.#sound ? this.#sound.stream || undefined : undefined; }
    getRemoteStream() { return this.#sound ? this.#sound.remote.stream : undefined; }
    toString() { return "[Phone.Call instance]"; }

    // Answers an incoming call; `accept` follows when both sides are connected.
    accept({ rtcConstraints } = {}) {
      if (this.#status !== "pending") return;
      this.#constraints = rtcConstraints || this.#constraints;
      this._stopRinging();
      this.#become("connecting");
      this.#device._answering(this);
      this._openSound().then((isOpen) => isOpen && this.#take());
    }

    #take() {
      this.#hasAccepted = true;
      this.#send({ event: "accept" });
    }

    reject() {
      if (this.#status !== "pending") return;
      this.#send({ event: "reject" });
      this._closed("reject");
    }

    // Stops ringing here; the caller goes on hearing it. As in the SDK there is no event.
    ignore() {
      if (this.#status !== "pending") return;
      this.#send({ event: "ignore" });
      this._closed("ignore");
    }

    disconnect() {
      if (this.#status === "closed" || this.#status === "pending") return;
      this.#send({ event: this.#isUnanswered() ? "reject" : "disconnect" });
      this._closed("disconnect");
    }

    mute(on = true) {
      const muted = Boolean(on);
      if (muted === this.#muted) return;
      this.#muted = muted;
      if (this.#sound) this.#sound.mute(muted);
      this.emit("mute", muted, this);
    }

    // digits: 0-9 * # and w (half a second's pause).
    sendDigits(digits) {
      if (/[^0-9*#w]/.test(digits)) {
        throw new InvalidArgumentError(`sendDigits takes 0-9 * # w only, not ${JSON.stringify(digits)}`);
      }
      if (!digits) return;
      if (this.#sound && digits.length === 1) this.#sound.key(digits);
      this.#send({ event: "digits", digits });
    }

    // What the person thinks of the sound; it stands in the call's event log.
    postFeedback(score, issue) {
      if (score !== undefined && score !== null && ![1, 2, 3, 4, 5].includes(score)) {
        throw new InvalidArgumentError("Feedback score must be one of: 1,2,3,4,5");
      }
      if (issue !== undefined && issue !== null && !ISSUES.includes(issue)) {
        throw new InvalidArgumentError(`Feedback issue must be one of: ${ISSUES}`);
      }
      if (!this.parameters.CallSid) throw new InvalidStateError("The call has no CallSid yet");
      return this.#device._reach({ event: "feedback", call_sid: this.parameters.CallSid, score, issue });
    }

    sendMessage() { throw new NotSupportedError("Call.sendMessage"); }

    _ringIn(sound) { this.#ring = new Phone.Ring(sound); }

    _stopRinging() {
      if (this.#ring) this.#ring.stop();
      this.#ring = null;
    }

    // The ring-back tone comes down the line, as sound before the answer.
    _ringOut() {
      if (this.#status !== "connecting") return;
      this.#become("ringing");
      this.emit("ringing", true);
    }

    // Opens microphone and speaker. False when the call ended meanwhile or may not go on without.
    async _openSound() {
      const { microphoneId, getUserMedia, microphone } = this.#device.options;
      try {
        this.#sound = await Phone.Sound.open({ deviceId: microphoneId, getUserMedia, constraints: this.#constraints });
      } catch (error) {
        return this.#failed(new TwilioError(31402, `The sound of this page cannot start: ${error.message}`));
      }
      if (this.#status === "closed") {
        this.#sound.close();
        return false;
      }
      const quality = new Phone.Quality(this);
      this.#sound.onlevels = (levels) => {
        this.emit("volume", levels.spoken, levels.heard);
        quality.hear(levels);
      };
      this.#sound.onframe = (frame) => this.#device._speak(this, frame);
      this.#sound.mute(this.#muted);
      const trouble = this.#sound.microphoneError;
      if (!trouble) return true;
      if (microphone === "optional") {
        this.emit("warning", "no-microphone", trouble);
        return true;
      }
      return this.#failed(new TwilioError(trouble.name === "NotAllowedError" ? 31401 : 31402, trouble.message));
    }

    #failed(error) {
      this._error(error);
      this.#send({ event: this.#isUnanswered() ? "reject" : "disconnect" });
      this._closed("disconnect");
      return false;
    }

    #isUnanswered() { return this.#direction === "INCOMING" && !this.#hasAccepted; }

    _opened(parameters) {
      Object.assign(this.parameters, parameters);
      this._stopRinging();
      this.#become("open");
      this.emit("accept", this);
    }

    // The connection was lost; the call goes on if it is there again in time.
    _reconnecting(error) {
      this.#become("reconnecting");
      this.emit("reconnecting", error);
    }

    _reconnected() {
      this.#become("open");
      this.emit("reconnected");
    }

    _hears(frame) {
      if (this.#sound) this.#sound.play(frame);
    }

    // how: "disconnect", "cancel" (the caller gave up, or it was answered elsewhere), "reject",
    // "ignore".
    _closed(how) {
      if (this.#status === "closed") return;
      this.#become("closed");
      this._stopRinging();
      if (this.#sound) this.#sound.close();
      this.#device._forget(this);
      if (how === "disconnect") this.emit("disconnect", this);
      else if (how !== "ignore") this.emit(how);
    }

    _error(error) {
      this.emit("error", error);
      this.#device._error(error, this);
    }

    #become(status) { this.#status = status; }
    #send(message) { this.#device._send({ ...message, ref: this.ref }); }
  }

  Call.State = {
    Closed: "closed", Connecting: "connecting", Open: "open", Pending: "pending",
    Reconnecting: "reconnecting", Ringing: "ringing",
  };
  Call.CallDirection = { Incoming: "INCOMING", Outgoing: "OUTGOING" };
  Call.Codec = { Opus: "opus", PCMU: "pcmu" };
  Call.FeedbackScore = { One: 1, Two: 2, Three: 3, Four: 4, Five: 5 };
  Call.FeedbackIssue = Object.fromEntries(ISSUES.map((issue) => [
    issue.replace(/(^|-)([a-z])/g, (_, dash, letter) => letter.toUpperCase()), issue,
  ]));
  Phone.Call = Call;
})();
