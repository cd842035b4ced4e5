// What a Phone.Device may be told, and its `audio`: settings of the Twilio Voice SDK 2.x.
//
// Settings that only concern WebRTC change nothing here and are taken: an application that gives
// them runs unchanged. What would change what a person hears or sees, and is not emulated, is refused.
(() => {
  "use strict";
  const Phone = globalThis.Phone;
  const { InvalidArgumentError, NotSupportedError } = Phone;

  const is = (type) => (value) => typeof value === type;
  const KNOWN = {
    allowIncomingWhileBusy: is("boolean"),
    appName: is("string"),
    appVersion: is("string"),
    closeProtection: (value) => ["boolean", "string"].includes(typeof value),
    codecPreferences: (value) => Array.isArray(value) && value.every((one) => ["opus", "pcmu"].includes(one)),
    disableAudioContextSounds: is("boolean"),
    dscp: is("boolean"),
    edge: (value) => typeof value === "string" || (Array.isArray(value) && value.every(is("string"))),
    enableImprovedSignalingErrorPrecision: is("boolean"),
    forceAggressiveIceNomination: is("boolean"),
    getUserMedia: is("function"),
    logLevel: (value) => ["number", "string"].includes(typeof value),
    maxAverageBitrate: is("number"),
    maxCallSignalingTimeoutMs: is("number"),
    sounds: (value) => typeof value === "object" && value !== null,
    tokenRefreshMs: is("number"),
    // The simulator's own.
    microphone: (value) => ["required", "optional"].includes(value),
    microphoneId: is("string"),
    url: is("string"),
  };
  const NOT_EMULATED = ["RTCPeerConnection", "MediaStream", "enumerateDevices"];
  const SOUNDS = ["incoming", "outgoing", "disconnect"];

  const DEFAULTS = {
    allowIncomingWhileBusy: false, closeProtection: false, codecPreferences: ["pcmu", "opus"], dscp: true,
    enableImprovedSignalingErrorPrecision: false, logLevel: 5, maxCallSignalingTimeoutMs: 0, sounds: {},
    tokenRefreshMs: 10000, microphone: "required",
  };

  // Raises InvalidArgumentError or NotSupportedError; undefined stands for the default.
  function checked(given) {
    const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    for (const [name, value] of Object.entries(options)) {
      if (NOT_EMULATED.includes(name)) throw new NotSupportedError(`The option ${name}`);
      if (!(name in KNOWN)) throw new InvalidArgumentError(`There is no option ${name}`);
      if (!KNOWN[name](value)) throw new InvalidArgumentError(`The option ${name} cannot be ${JSON.stringify(value)}`);
    }
    checkSounds(options.sounds || {});
    return options;
  }

  // sounds: {incoming: address of a ringing sound}; false keeps it quiet.
  function checkSounds(sounds) {
    for (const [name, sound] of Object.entries(sounds)) {
      if (sound === false || (name === "incoming" && typeof sound === "string")) continue;
      throw new NotSupportedError(`A sound of one's own for ${name}`);
    }
  }

  // device.audio: which sounds are on, and which microphone is used.
  class Audio {
    #on = { incoming: true, outgoing: true, disconnect: true };
    #device;

    constructor(device) { this.#device = device; }

    incoming(on) { return this.#toggle("incoming", on); }
    outgoing(on) { return this.#toggle("outgoing", on); }
    disconnect(on) { return this.#toggle("disconnect", on); }

    #toggle(name, on) {
      if (on !== undefined) this.#on[name] = Boolean(on);
      return this.#on[name];
    }

    // Takes effect with the next call.
    async setInputDevice(deviceId) {
      if (typeof deviceId !== "string") throw new InvalidArgumentError("Must specify the device to set");
      this.#device.updateOptions({ microphoneId: deviceId });
    }

    async unsetInputDevice() { this.#device.updateOptions({ microphoneId: "" }); }
  }
  for (const name of ["addProcessor", "removeProcessor", "setAudioConstraints", "unsetAudioConstraints"]) {
    Audio.prototype[name] = () => { throw new NotSupportedError(`audio.${name}`); };
  }
  for (const name of ["availableInputDevices", "availableOutputDevices", "inputStream", "ringtoneDevices", "speakerDevices"]) {
    Object.defineProperty(Audio.prototype, name, { get() { throw new NotSupportedError(`audio.${name}`); } });
  }

  Phone.options = { DEFAULTS, SOUNDS, checked };
  Phone.Audio = Audio;
})();
