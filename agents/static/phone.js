// The sound of the desk behind one small interface, whoever carries it:
//
//   const phone = createPhone({ kind: "simulator" | "twilio", token, script });
//   await phone.connect({ offer: "12" });     // rings the line's application, which finds the caller
//   phone.mute(true); phone.disconnect();
//
// token: an async function that brings a fresh access token.
// script: where the carrier's own script is, of which `Device` has the names of the Voice SDK 2.x.
//
// Events, by phone.on(name, listener): "open", "closed", "levels" (microphone and caller, 0 to 1),
// "muted" (boolean), "shaky" (boolean: the sound is being reconnected), "trouble" (words for the agent).

/** @typedef {"simulator" | "twilio"} Kind */
/** @typedef {{code?: number, message?: string}} Trouble */

const GLOBALS = { simulator: "Phone", twilio: "Twilio" };
const OPTIONS = {
  simulator: { sounds: { incoming: false, outgoing: false } },
  twilio: { codecPreferences: ["opus", "pcmu"], closeProtection: false },
};
/** @type {Record<number, string>} */
const WORDS = {
  20101: "The phone network does not accept our token. Reload the page.",
  20104: "The phone network's token is too old. Reload the page.",
  31005: "The connection to the phone network was lost.",
  31009: "The connection to the phone network was lost.",
  31401: "This page may not use the microphone. Allow it in the browser's address bar.",
  31402: "The microphone could not be opened. Is another program using it?",
  53405: "No sound goes through this network. Is a firewall in the way?",
};

/**
 * @param {{kind: Kind, token: () => Promise<string>, script: string, nonce?: string}} of
 */
export function createPhone({ kind, token, script, nonce = "" }) {
  if (!(kind in GLOBALS)) throw new Error(`expected the phone to be simulator or twilio, not ${kind}`);
  return new Phone(kind, token, script, nonce);
}

class Phone {
  #kind;
  #token;
  #script;
  #nonce;
  /** @type {any} the carrier's, of the names of the Voice SDK */ #device = null;
  /** @type {any} */ #call = null;
  /** @type {Map<string, Function[]>} */ #listeners = new Map();

  /** @param {Kind} kind @param {() => Promise<string>} token @param {string} script @param {string} nonce */
  constructor(kind, token, script, nonce) {
    this.#kind = kind;
    this.#token = token;
    this.#script = script;
    this.#nonce = nonce;
  }

  get isOpen() { return this.#call !== null && this.#call.status() === "open"; }
  get isBusy() { return this.#call !== null; }
  get isMuted() { return this.#call !== null && this.#call.isMuted(); }

  /** @param {string} name @param {Function} listener */
  on(name, listener) {
    this.#listeners.set(name, [...(this.#listeners.get(name) || []), listener]);
    return this;
  }

  // Loads the carrier's script and asks for a token, so that a later connect is quick.
  async prepare() {
    if (this.#device) return;
    const [Device, token] = await Promise.all([this.#load(), this.#token()]);
    if (this.#device) return;
    this.#device = new Device(token, OPTIONS[this.#kind]);
    this.#device.on("tokenWillExpire", () => this.#renew());
    this.#device.on("error", (/** @type {Trouble} */ error) => this.#trouble(error));
  }

  /** @param {Record<string, string>} params */
  async connect(params) {
    if (this.#call) return;
    await this.prepare();
    await this.#renew();
    this.#follow(await this.#device.connect({ params }));
  }

  disconnect() {
    if (this.#call) this.#call.disconnect();
  }

  /** @param {boolean} on */
  mute(on) {
    if (this.#call) this.#call.mute(on);
  }

  /** @param {any} call */
  #follow(call) {
    this.#call = call;
    call.on("accept", () => this.#tell("open"));
    call.on("volume", (/** @type {number} */ microphone, /** @type {number} */ caller) => this.#tell("levels", microphone, caller));
    call.on("mute", (/** @type {boolean} */ muted) => this.#tell("muted", muted));
    call.on("reconnecting", () => this.#tell("shaky", true));
    call.on("reconnected", () => this.#tell("shaky", false));
    call.on("error", (/** @type {Trouble} */ error) => this.#trouble(error));
    for (const end of ["disconnect", "cancel", "reject"]) call.on(end, () => this.#over(call));
  }

  /** @param {any} call */
  #over(call) {
    if (this.#call !== call) return;
    this.#call = null;
    this.#tell("closed");
  }

  async #renew() {
    try {
      this.#device.updateToken(await this.#token());
    } catch (error) {
      this.#trouble(/** @type {Trouble} */ (error));
    }
  }

  /** @param {Trouble} error */
  #trouble(error) {
    this.#tell("trouble", WORDS[error.code ?? 0] || `The phone reports a problem (${error.code || error.message}).`);
  }

  /** @param {string} name @param {unknown[]} facts */
  #tell(name, ...facts) {
    for (const listener of this.#listeners.get(name) || []) listener(...facts);
  }

  async #load() {
    const name = GLOBALS[this.#kind];
    const carriers = /** @type {any} */ (globalThis);
    if (!carriers[name]) await addScript(this.#script, this.#nonce);
    if (!carriers[name] || !carriers[name].Device) {
      throw new Error("the phone network's script is not there");
    }
    return carriers[name].Device;
  }
}

/** @param {string} src @param {string} nonce @returns {Promise<unknown>} */
function addScript(src, nonce) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = src;
    script.nonce = nonce;
    script.onload = resolve;
    script.onerror = () => reject(new Error("the phone network's script cannot be loaded"));
    document.head.append(script);
  });
}
