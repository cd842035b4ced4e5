// Phone.Device and Phone.Call: a telephone in a page, with the names of the Twilio Voice SDK 2.x.
//
//   const device = new Phone.Device(token);       // or {url: "ws://host:8100/phone/agent"}
//   device.on("incoming", (call) => call.accept());
//   await device.register();
//   const call = await device.connect({ params: { To: "..." } });
//
// On the wire: JSON text both ways ({event, ref, ...}, ref names a call), and binary frames of
// 160 bytes mu-law, one each 20 ms both ways, which belong to the one call that is open.
(() => {
  "use strict";
  const Phone = globalThis.Phone;
  const VERSION = "2.18.5-simulator";
  const RECONNECT_MS = [300, 1000, 2000, 5000];
  const MOST_UNSENT_BYTES = 160 * 50;

  class Emitter {
    #listeners = new Map();

    on(name, listener) {
      this.#listeners.set(name, [...(this.#listeners.get(name) || []), listener]);
      return this;
    }

    once(name, listener) {
      const first = (...args) => { this.off(name, first); listener(...args); };
      return this.on(name, first);
    }

    off(name, listener) {
      this.#listeners.set(name, (this.#listeners.get(name) || []).filter((l) => l !== listener));
      return this;
    }

    emit(name, ...args) {
      const listeners = this.#listeners.get(name) || [];
      listeners.forEach((listener) => listener(...args));
      return listeners.length > 0;
    }

    removeAllListeners(name) {
      if (name) this.#listeners.delete(name);
      else this.#listeners.clear();
      return this;
    }
  }
  Emitter.prototype.addListener = Emitter.prototype.on;
  Emitter.prototype.addEventListener = Emitter.prototype.on;
  Emitter.prototype.removeListener = Emitter.prototype.off;

  class PhoneError extends Error {
    constructor(code, message) {
      super(message);
      this.name = "TwilioError";
      this.code = code;
    }
  }

  class InvalidStateError extends Error {
    name = "InvalidStateError";
  }

  class Call extends Emitter {
    #device;
    #status;
    #muted = false;
    #ring = null;
    #sound = null;
    #wantsDisconnect = false;

    constructor(device, { ref, direction, parameters = {}, customParameters = {}, status }) {
      super();
      this.#device = device;
      this.ref = ref;
      this.direction = direction;
      this.parameters = parameters;
      this.customParameters = new Map(Object.entries(customParameters));
      this.codec = "pcmu";
      this.callerInfo = null;
      this.#status = status;
    }

    status() { return this.#status; }
    isMuted() { return this.#muted; }
    get sound() { return this.#sound; }
    getLocalStream() { return this.#sound ? this.#sound.stream : undefined; }
    getRemoteStream() { return this.#sound ? this.#sound.remote.stream : undefined; }

    // Answers an incoming call; `accept` follows when both sides are connected.
    async accept() {
      if (this.direction !== "INCOMING" || this.#status !== "pending") return;
      this.#stopRinging();
      this.#become("connecting");
      this.#device._answering(this);
      if (await this._openSound()) this.#send({ event: "accept" });
    }

    reject() {
      if (this.#status !== "pending") return;
      this.#send({ event: "reject" });
      this._closed("reject");
    }

    ignore() {
      if (this.#status !== "pending") return;
      this.#send({ event: "ignore" });
      this._closed("cancel");
    }

    disconnect() {
      if (this.#status === "closed" || this.#status === "pending") return;
      this.#wantsDisconnect = true;
      this.#send({ event: "disconnect" });
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
      if (!/^[0-9*#w]+$/.test(digits)) {
        throw new TypeError(`sendDigits takes 0-9 * # w only, not ${JSON.stringify(digits)}`);
      }
      if (this.#sound && digits.length === 1) this.#sound.key(digits);
      this.#send({ event: "digits", digits });
    }

    _ringIn(sounds) {
      if (sounds.incoming !== false) this.#ring = new Phone.Ring();
    }

    // The ring-back tone comes down the line, as sound before the answer.
    _ringOut() {
      if (this.#status !== "connecting") return;
      this.#become("ringing");
      this.emit("ringing", true);
    }

    // Opens microphone and speaker. False when the call ended meanwhile or may not go on without.
    async _openSound() {
      try {
        this.#sound = await Phone.Sound.open({ deviceId: this.#device.options.microphoneId });
      } catch (error) {
        return this.#failed(new PhoneError(31402, `The sound of this page cannot start: ${error.message}`));
      }
      if (this.#status === "closed") {
        this.#sound.close();
        return false;
      }
      this.#sound.onlevels = (levels) => this.emit("volume", levels.spoken, levels.heard);
      this.#sound.onframe = (frame) => this.#device._speak(this, frame);
      this.#sound.mute(this.#muted);
      const trouble = this.#sound.microphoneError;
      if (!trouble) return true;
      if (this.#device.options.microphone === "optional") {
        this.emit("warning", "no-microphone", trouble);
        return true;
      }
      return this.#failed(new PhoneError(trouble.name === "NotAllowedError" ? 31401 : 31402, trouble.message));
    }

    #failed(error) {
      this._error(error);
      this.#send({ event: this.direction === "INCOMING" ? "reject" : "disconnect" });
      this._closed("disconnect");
      return false;
    }

    _opened(parameters) {
      Object.assign(this.parameters, parameters);
      this.#stopRinging();
      this.#become("open");
      this.emit("accept", this);
    }

    _hears(frame) {
      if (this.#sound) this.#sound.play(frame);
    }

    // how: "disconnect", "cancel" (the caller gave up) or "reject".
    _closed(how) {
      if (this.#status === "closed") return;
      this.#become("closed");
      this.#stopRinging();
      if (this.#sound) this.#sound.close();
      this.#device._forget(this);
      if (how === "disconnect") this.emit("disconnect", this);
      else this.emit(how);
    }

    _error(error) {
      this.emit("error", error);
      this.#device._error(error, this);
    }

    get _wantsDisconnect() { return this.#wantsDisconnect; }
    #become(status) { this.#status = status; }
    #send(message) { this.#device._send({ ...message, ref: this.ref }); }

    #stopRinging() {
      if (this.#ring) this.#ring.stop();
      this.#ring = null;
    }
  }

  class Device extends Emitter {
    #socket = null;
    #opening = null;
    #wanted = false;      // somebody called register()
    #waiting = [];        // promises of register()
    #tries = 0;
    #expiry = null;
    #count = 0;

    static get isSupported() { return "AudioWorkletNode" in globalThis && "WebSocket" in globalThis; }
    static get version() { return VERSION; }
    static get packageName() { return "simulator-phone"; }

    // token: the access token (JWT) of the person, or null on the simulator's own softphone page.
    // options: url, tokenRefreshMs (10000), allowIncomingWhileBusy (false), sounds
    // ({incoming: false} keeps it quiet), microphone ("required"; "optional" goes on without),
    // microphoneId.
    constructor(token, options = {}) {
      super();
      this.options = {
        url: Phone.origin.replace(/^http/, "ws") + "/phone/agent", tokenRefreshMs: 10000,
        allowIncomingWhileBusy: false, sounds: {}, microphone: "required", ...options,
      };
      this.state = "unregistered";
      this.identity = null;
      this.calls = [];
      this.#holdToken(token);
    }

    get isBusy() { return this.calls.some((call) => call.status() !== "pending"); }

    // Asks to be rung. Resolves when the carrier agreed; afterwards keeps itself registered.
    register() {
      if (this.state === "registered") return Promise.resolve();
      this.#wanted = true;
      this.#become("registering");
      const done = new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
      this.#open().then(() => this._send({ event: "register" }), () => {});
      return done;
    }

    async unregister() {
      this.#wanted = false;
      this._send({ event: "unregister" });
      this.#become("unregistered");
    }

    // Places a call. params go to the application as form fields (To, From, ...).
    async connect({ params = {} } = {}) {
      if (this.isBusy) throw new InvalidStateError("A call is already active");
      const call = new Call(this, { ref: `out-${++this.#count}`, direction: "OUTGOING", status: "connecting" });
      this.calls.filter((other) => other.status() === "pending").forEach((other) => other.ignore());
      this.calls.push(call);
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
      [...this.calls].forEach((call) => (call.status() === "pending" ? call.reject() : call.disconnect()));
    }

    destroy() {
      this.disconnectAll();
      this.#wanted = false;
      clearTimeout(this.#expiry);
      if (this.#socket) this.#socket.close(1000);
      this.#become("destroyed");
      this.removeAllListeners();
    }

    updateToken(token) {
      this.#holdToken(token);
      this._send({ event: "token", token });
    }

    updateOptions(options) {
      this.options = { ...this.options, ...options };
    }

    // For messages beyond the SDK's: the softphone page's own.
    send(message) {
      return this.#open().then(() => this._send(message));
    }

    #holdToken(token) {
      this.token = token;
      clearTimeout(this.#expiry);
      if (!token) return;
      const claims = readToken(token);
      this.identity = claims.grants && claims.grants.identity;
      const leftMs = claims.exp * 1000 - Date.now() - this.options.tokenRefreshMs;
      if (claims.exp) this.#expiry = setTimeout(() => this.emit("tokenWillExpire", this), Math.min(leftMs, 2 ** 31 - 1));
    }

    #open() {
      if (this.#socket && this.#socket.readyState === WebSocket.OPEN) return Promise.resolve();
      this.#opening = this.#opening || this.#dial().finally(() => { this.#opening = null; });
      return this.#opening;
    }

    #dial() {
      const url = new URL(this.options.url);
      if (this.token) url.searchParams.set("token", this.token);
      const socket = new WebSocket(url);
      socket.binaryType = "arraybuffer";
      socket.onmessage = ({ data }) => this.#told(data);
      this.#socket = socket;
      return new Promise((resolve, reject) => {
        socket.onopen = () => { this.#tries = 0; resolve(); this.emit("connected"); };
        socket.onclose = () => {
          reject(new PhoneError(31005, "The phone network cannot be reached."));
          if (socket === this.#socket) this.#lost();
        };
      });
    }

    #lost() {
      this.#socket = null;
      const lost = new PhoneError(31005, "The connection to the phone network was lost.");
      [...this.calls].forEach((call) => {
        if (call.status() !== "pending") call._error(lost);
        call._closed(call.status() === "pending" ? "cancel" : "disconnect");
      });
      if (this.state === "registered") this._error(lost);
      this.emit("lost");
      this.#dropped();
    }

    // Tries again while somebody wants to be rung.
    #dropped() {
      if (this.state === "destroyed") return;
      if (!this.#wanted) return this.#become("unregistered");
      this.#become("registering");
      const wait = RECONNECT_MS[Math.min(this.#tries++, RECONNECT_MS.length - 1)];
      clearTimeout(this.again);
      this.again = setTimeout(() => this.#registerAgain(), wait);
    }

    #registerAgain() {
      if (this.#wanted) this.#open().then(() => this._send({ event: "register" }), () => {});
    }

    #told(data) {
      if (data instanceof ArrayBuffer) {
        const talking = this.calls.find((call) => ["open", "connecting", "ringing"].includes(call.status()));
        if (talking) talking._hears(data);
        return;
      }
      const message = JSON.parse(data);
      const call = this.calls.find((one) => one.ref === message.ref);
      if (message.event in this.#answers) this.#answers[message.event](message, call);
      else if (call) call.emit(message.event, message);
      else this.emit(message.event, message);
    }

    #answers = {
      registered: ({ identity }) => {
        this.identity = identity;
        this.#become("registered");
        this.#waiting.splice(0).forEach(({ resolve }) => resolve());
      },
      incoming: (message) => this.#rung(message),
      ringing: (message, call) => {
        if (!call) return;
        Object.assign(call.parameters, message.parameters);
        call._ringOut();
      },
      accept: (message, call) => call && call._opened(message.parameters),
      cancel: (message, call) => call && call._closed("cancel"),
      disconnect: (message, call) => {
        if (!call) return;
        call.endReason = message.reason;
        call._closed("disconnect");
      },
      error: ({ code, message }, call) => {
        const error = new PhoneError(code, message);
        if (call) return call._error(error);
        if ([20101, 20104, 20151].includes(code)) this.#refused(error);
        return this._error(error);
      },
    };

    // A token that is refused stays refused: stop trying until somebody brings another.
    #refused(error) {
      this.#wanted = false;
      this.#waiting.splice(0).forEach(({ reject }) => reject(error));
    }

    #rung({ ref, parameters, custom_parameters: customParameters }) {
      const call = new Call(this, {
        ref, direction: "INCOMING", parameters, customParameters, status: "pending",
      });
      if (this.isBusy && !this.options.allowIncomingWhileBusy) {
        this._send({ event: "ignore", ref });
        return;
      }
      this.calls.push(call);
      call._ringIn(this.options.sounds);
      this.emit("incoming", call);
    }

    _answering(call) {
      this.calls.filter((other) => other !== call && other.status() === "open").forEach((other) => other.disconnect());
    }

    _speak(call, frame) {
      const socket = this.#socket;
      if (call.status() !== "open" || !socket || socket.readyState !== WebSocket.OPEN) return;
      if (socket.bufferedAmount < MOST_UNSENT_BYTES) socket.send(frame);
    }

    _send(message) {
      if (this.#socket && this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
    }

    _forget(call) {
      this.calls = this.calls.filter((other) => other !== call);
    }

    _error(error, call) {
      this.emit("error", error, call);
    }

    #become(state) {
      if (this.state === state || this.state === "destroyed") return;
      this.state = state;
      this.emit(state, this);
    }
  }

  function readToken(token) {
    const body = String(token).split(".")[1];
    try {
      return JSON.parse(atob(body.replace(/-/g, "+").replace(/_/g, "/")));
    } catch {
      throw new PhoneError(20101, "The access token is not a JWT; get one from the server.");
    }
  }

  Device.State = { Destroyed: "destroyed", Unregistered: "unregistered", Registering: "registering", Registered: "registered" };
  Call.State = { Pending: "pending", Connecting: "connecting", Ringing: "ringing", Open: "open", Closed: "closed" };
  Object.assign(Phone, { Device, Call, PhoneError });
})();
