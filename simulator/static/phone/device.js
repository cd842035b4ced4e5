// Phone.Device: a telephone in a page, with the names of the Twilio Voice SDK 2.x (2.18.5).
//
//   const device = new Phone.Device(token);       // or {url: "ws://host:8100/phone/agent"}
//   device.on("incoming", (call) => call.accept());
//   await device.register();
//   const call = await device.connect({ params: { To: "..." } });
//
// Where the page has no SDK, `Twilio.Device` and `Twilio.Call` are these too.
//
// On the wire: JSON text both ways ({event, ref, ...}, ref names a call), and binary frames of
// 160 bytes mu-law, one each 20 ms both ways, which belong to the one call that is open.
(() => {
  "use strict";
  const Phone = globalThis.Phone;
  const { Call, Emitter, TwilioError, InvalidArgumentError, InvalidStateError, NotSupportedError } = Phone;
  const VERSION = "2.18.5-simulator";
  const LINGER_MS = 10000;
  const RECONNECT_MS = [300, 1000, 2000, 5000];
  const MOST_UNSENT_BYTES = 160 * 50;
  const LONGEST_TIMER_MS = 2 ** 31 - 1;
  const CONNECT_OPTIONS = ["params", "rtcConfiguration", "rtcConstraints", "connectToken"];
  // How a call of ours that nobody answered ended, in the codes of SIP; told where precision is asked for.
  const UNANSWERED = { busy: 31486, "no-answer": 31603, 21218: 31404 };
  const BAD_TOKENS = [20101, 20104, 20151, 31202];

  class Device extends Emitter {
    #socket = null;
    #opening = null;
    #wanted = false;      // somebody called register()
    #waiting = [];        // promises of register() and unregister()
    #tries = 0;
    #again = null;
    #expiry = null;
    #count = 0;
    #state = "unregistered";
    #token = null;
    #identity = null;
    #all = [];            // calls that are not over
    #leaving = null;
    #resume = "";         // with it the network knows this phone again
    #resumeBy = 0;        // until when a call waits for that

    static get isSupported() { return "AudioWorkletNode" in globalThis && "WebSocket" in globalThis; }
    static get version() { return VERSION; }
    static get packageName() { return "simulator-phone"; }
    static get extension() { return "wav"; }
    static get audioContext() { return Phone.audioContext() || undefined; }
    static runPreflight() { throw new NotSupportedError("Device.runPreflight"); }
    static toString() { return "[Phone.Device class]"; }

    // token: the access token (JWT) of the person, or null on the simulator's own softphone page.
    // options: those of the SDK, see options.js; and url, microphone ("required"; "optional" goes
    // on without), microphoneId.
    constructor(token, options = {}) {
      super();
      this.options = {
        url: Phone.origin.replace(/^http/, "ws") + "/phone/agent",
        ...Phone.options.DEFAULTS, ...Phone.options.checked(options),
      };
      this.audio = new Phone.Audio(this);
      if (token !== null) this.#holdToken(token);
      this.#leaving = (event) => this.#protect(event);
      addEventListener("beforeunload", this.#leaving);
    }

    get state() { return this.#state; }
    get token() { return this.#token; }
    get identity() { return this.#identity; }
    get edge() { return this.#socket ? "simulator" : null; }
    get home() { return this.#socket ? "simulator" : null; }
    get calls() { return this.#all.filter((call) => call.status() === "pending"); }
    get isBusy() { return this.#active.length > 0; }
    get #active() { return this.#all.filter((call) => call.status() !== "pending"); }
    toString() { return "[Phone.Device instance]"; }

    // Asks to be rung. Resolves when the carrier agreed; afterwards keeps itself registered.
    async register() {
      this.#must("register", "unregistered");
      this.#wanted = true;
      this.#become("registering");
      const done = this.#until("registered");
      this.#open().then(() => this._send({ event: "register" }), () => {});
      return done;
    }

    async unregister() {
      this.#must("unregister", "registered");
      this.#wanted = false;
      const done = this.#until("unregistered");
      this._send({ event: "unregister" });
      return done;
    }

    // Places a call. params go to the application as form fields (To, From, ...).
    async connect(options = {}) {
      this.#alive("connect");
      const unknown = Object.keys(options).find((name) => !CONNECT_OPTIONS.includes(name));
      if (unknown) throw new InvalidArgumentError(`connect takes {${CONNECT_OPTIONS.join(", ")}}, not ${unknown}`);
      if (options.connectToken) throw new NotSupportedError("connect with a connectToken");
      if (this.isBusy) throw new InvalidStateError("A Call is already active");
      const { params = {}, rtcConstraints: constraints } = options;
      const call = new Call(this, { ref: `out-${++this.#count}`, direction: "OUTGOING", status: "connecting", constraints });
      Object.entries(params).forEach(([name, value]) => call.customParameters.set(name, String(value)));
      this.calls.forEach((other) => other.ignore());
      this.#all.push(call);
      setTimeout(() => this.#place(call, params));  // after the page has attached its listeners
      return call;
    }

    async #place(call, params) {
      if (!(await call._openSound())) return;
      try {
        await this.#open();
      } catch {
        return;  // the lost socket has already ended the call
      }
      if (call.status() !== "closed") this._send({ event: "connect", ref: call.ref, params });
    }

    disconnectAll() {
      this.calls.forEach((call) => call.reject());
      this.#active.forEach((call) => call.disconnect());
    }

    destroy() {
      this.disconnectAll();
      this.#wanted = false;
      clearTimeout(this.#expiry);
      clearTimeout(this.#again);
      removeEventListener("beforeunload", this.#leaving);
      const socket = this.#socket;
      this.#become("destroyed");
      if (socket) socket.close(1000);
      this.removeAllListeners();
    }

    updateToken(token) {
      this.#alive("updateToken");
      this.#holdToken(token);
      this._send({ event: "token", token });
    }

    updateOptions(options = {}) {
      this.#alive("updateOptions");
      this.options = { ...this.options, ...Phone.options.checked(options) };
    }

    // For messages beyond the SDK's: the softphone page's own.
    send(message) { return this._reach(message); }

    _reach(message) { return this.#open().then(() => this._send(message)); }

    #alive(what) {
      if (this.#state === "destroyed") throw new InvalidStateError(`Attempt to "${what}" when the device has been destroyed.`);
    }

    #must(what, state) {
      if (this.#state === state) return;
      throw new InvalidStateError(`Attempt to ${what} when device is in state "${this.#state}". Must be "${state}".`);
    }

    #until(state) {
      return new Promise((resolve, reject) => this.#waiting.push({ state, resolve, reject }));
    }

    #protect(event) {
      if (!this.options.closeProtection || !this.isBusy) return;
      event.preventDefault();
      event.returnValue = typeof this.options.closeProtection === "string" ? this.options.closeProtection : "A call is under way.";
    }

    #holdToken(token) {
      if (typeof token !== "string") {
        throw new InvalidArgumentError("The token must be a string: an access token of your server");
      }
      this.#token = token;
      clearTimeout(this.#expiry);
      const claims = readToken(token);
      this.#identity = (claims.grants && claims.grants.identity) || null;
      if (!claims.exp) return;
      const leftMs = Math.max(0, claims.exp * 1000 - Date.now() - this.options.tokenRefreshMs);
      this.#expiry = setTimeout(() => this.emit("tokenWillExpire", this), Math.min(leftMs, LONGEST_TIMER_MS));
    }

    // The socket

    #open() {
      if (this.#socket && this.#socket.readyState === WebSocket.OPEN) return Promise.resolve();
      this.#opening = this.#opening || this.#dial().finally(() => { this.#opening = null; });
      return this.#opening;
    }

    #dial() {
      const url = new URL(this.options.url);
      if (this.#token) url.searchParams.set("token", this.#token);
      if (this.#resumeBy) url.searchParams.set("resume", this.#resume);
      const socket = new WebSocket(url);
      socket.binaryType = "arraybuffer";
      socket.onmessage = ({ data }) => this.#told(data);
      this.#socket = socket;
      return new Promise((resolve, reject) => {
        socket.onopen = () => { this.#tries = 0; resolve(); this.emit("connected"); };
        socket.onclose = () => {
          reject(new TwilioError(31005, "The phone network cannot be reached."));
          if (socket === this.#socket) this.#lost();
        };
      });
    }

    #lost() {
      this.#socket = null;
      if (this.#state !== "destroyed" && this.#awaited()) {
        clearTimeout(this.#again);
        this.#again = setTimeout(() => this.#open().catch(() => {}), RECONNECT_MS[0]);
        return;
      }
      this.#resumeBy = 0;
      const lost = new TwilioError(31005, "The connection to the phone network was lost.");
      this.#active.forEach((call) => { call._error(lost); call._closed("disconnect"); });
      this.calls.forEach((call) => call._closed("cancel"));
      if (this.#state === "registered") this._error(lost);
      this.emit("lost");
      this.#dropped();
    }

    // Whether a call waits for the connection to come back.
    #awaited() {
      const open = this.#active.filter((call) => call.status() === "open");
      if (open.length && this.#resume && !this.#resumeBy) {
        this.#resumeBy = Date.now() + LINGER_MS;
        const dropped = new TwilioError(53001);
        open.forEach((call) => call._reconnecting(dropped));
        this.emit("lost");
      }
      return Date.now() < this.#resumeBy;
    }

    // The network knows us still; ref: the call that is on there.
    #resumed({ call: ref }) {
      this.#resumeBy = 0;
      const call = this.#all.find((one) => one.ref === ref);
      if (ref && !call) this._send({ event: "disconnect", ref });
      this.#active.forEach((one) => (one === call ? one._reconnected() : one._closed("disconnect")));
      if (this.#wanted) this._send({ event: "register" });
    }

    // A new phone to the network: it has forgotten our calls.
    #begun({ resume }) {
      this.#resume = resume;
      if (!this.#resumeBy) return;
      this.#resumeBy = 0;
      this.#active.filter((call) => call.status() === "reconnecting").forEach((call) => {
        call._error(new TwilioError(31005));
        call._closed("disconnect");
      });
      if (this.#wanted) this._send({ event: "register" });
    }

    // Tries again while somebody wants to be rung.
    #dropped() {
      if (this.#state === "destroyed") return;
      if (!this.#wanted) return this.#become("unregistered");
      this.#become("registering");
      const wait = RECONNECT_MS[Math.min(this.#tries++, RECONNECT_MS.length - 1)];
      clearTimeout(this.#again);
      this.#again = setTimeout(() => this.#registerAgain(), wait);
    }

    #registerAgain() {
      if (this.#wanted) this.#open().then(() => this._send({ event: "register" }), () => {});
    }

    #told(data) {
      if (data instanceof ArrayBuffer) {
        const talking = this.#active[0];
        if (talking) talking._hears(data);
        return;
      }
      const message = JSON.parse(data);
      const call = this.#all.find((one) => one.ref === message.ref);
      if (message.event in this.#answers) this.#answers[message.event](message, call);
      else if (call) call.emit(message.event, message);
      else if (!message.ref) this.emit(message.event, message);
    }

    #answers = {
      session: (message) => this.#begun(message),
      resumed: (message) => this.#resumed(message),
      registered: ({ identity }) => {
        this.#identity = identity;
        this.#become("registered");
      },
      unregistered: () => this.#become("unregistered"),
      incoming: (message) => this.#rung(message),
      ringing: (message, call) => {
        if (!call) return;
        Object.assign(call.parameters, message.parameters);
        if (this.audio.outgoing() && this.options.sounds.outgoing !== false) Phone.chime([440, 587]);
        call._ringOut();
      },
      accept: (message, call) => call && call._opened(message.parameters),
      cancel: (message, call) => call && call._closed("cancel"),
      disconnect: (message, call) => {
        if (!call) return;
        call.endReason = message.reason;
        if (call.direction === "OUTGOING" && call.status() !== "open") this.#unanswered(message.status, call);
        call._closed("disconnect");
        if (this.audio.disconnect() && this.options.sounds.disconnect !== false) Phone.chime([587, 440]);
      },
      error: (message, call) => this.#wrong(message, call),
    };

    #wrong({ code, signalled, message, ref }, call) {
      if (call && this.#unanswered(code, call)) return;
      const precise = this.options.enableImprovedSignalingErrorPrecision && signalled === 31202;
      const error = new TwilioError(precise ? signalled : code, message);
      if (call) {
        call._error(error);
        if (code === 31008) call._closed("cancel");
        return;
      }
      if (BAD_TOKENS.includes(error.code)) this.#refused(error);
      if (!ref) this._error(error);
    }

    // The softphone page says it in its own words.
    #unanswered(how, call) {
      const code = UNANSWERED[how];
      if (!code || !this.#token) return false;
      call._error(new TwilioError(this.options.enableImprovedSignalingErrorPrecision ? code : 31005));
      return true;
    }

    // A token that is refused stays refused: stop trying until somebody brings another.
    #refused(error) {
      this.#wanted = false;
      this.#waiting.splice(0).forEach(({ reject }) => reject(error));
    }

    #rung({ ref, parameters, custom_parameters: customParameters }) {
      const wasBusy = this.isBusy;
      if (wasBusy && !this.options.allowIncomingWhileBusy) return this._send({ event: "ignore", ref });
      const call = new Call(this, { ref, direction: "INCOMING", parameters, customParameters, status: "pending" });
      this.#all.push(call);
      const sound = this.options.sounds.incoming;
      if (this.audio.incoming() && sound !== false && !wasBusy) call._ringIn(sound);
      return this.emit("incoming", call);
    }

    // One call at a time has the line: the one before is hung up.
    _answering(call) {
      this.#active.filter((other) => other !== call).forEach((other) => other.disconnect());
      this.calls.forEach((other) => other._stopRinging());
    }

    _speak(call, frame) {
      const socket = this.#socket;
      if (call.status() !== "open" || !socket || socket.readyState !== WebSocket.OPEN) return;
      if (socket.bufferedAmount < MOST_UNSENT_BYTES) socket.send(frame);
    }

    _send(message) {
      if (this.#socket && this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
    }

    _forget(call) { this.#all = this.#all.filter((other) => other !== call); }
    _error(error, call) { this.emit("error", error, call); }

    #become(state) {
      if (this.#state === "destroyed") return;
      const isNew = this.#state !== state;
      this.#state = state;
      const done = this.#waiting.filter((one) => one.state === state);
      this.#waiting = this.#waiting.filter((one) => one.state !== state);
      done.forEach(({ resolve }) => resolve());
      if (isNew) this.emit(state, this);
    }
  }

  function readToken(token) {
    try {
      return JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
    } catch {
      throw new TwilioError(20101, "The access token is not a JWT; get one from the server.");
    }
  }

  Device.State = { Destroyed: "destroyed", Unregistered: "unregistered", Registering: "registering", Registered: "registered" };
  Device.EventName = {
    Error: "error", Incoming: "incoming", Destroyed: "destroyed", Unregistered: "unregistered",
    Registering: "registering", Registered: "registered", TokenWillExpire: "tokenWillExpire",
  };
  Phone.Device = Device;
  if (!globalThis.Twilio) globalThis.Twilio = { Device, Call };
})();
