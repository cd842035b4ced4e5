// Events and errors, with the names of the Twilio Voice SDK 2.x.
(() => {
  "use strict";
  const Phone = globalThis.Phone;

  class Emitter {
    #listeners = new Map();

    on(name, listener) {
      this.#listeners.set(name, [...(this.#listeners.get(name) || []), listener]);
      return this;
    }

    once(name, listener) {
      const first = (...args) => { this.off(name, first); listener(...args); };
      first.listener = listener;
      return this.on(name, first);
    }

    off(name, listener) {
      const kept = this.listeners(name).filter((one) => one !== listener && one.listener !== listener);
      this.#listeners.set(name, kept);
      return this;
    }

    emit(name, ...args) {
      const listeners = this.listeners(name);
      listeners.forEach((listener) => listener(...args));
      return listeners.length > 0;
    }

    listeners(name) { return this.#listeners.get(name) || []; }
    listenerCount(name) { return this.listeners(name).length; }

    removeAllListeners(name) {
      if (name) this.#listeners.delete(name);
      else this.#listeners.clear();
      return this;
    }
  }
  Emitter.prototype.addListener = Emitter.prototype.on;
  Emitter.prototype.addEventListener = Emitter.prototype.on;
  Emitter.prototype.removeListener = Emitter.prototype.off;

  // By code: the SDK's name, and what it means.
  const NAMES = {
    20101: ["AccessTokenInvalid", "The access token cannot be validated."],
    20104: ["AccessTokenExpired", "The access token has expired."],
    20151: ["AuthenticationFailed", "The access token does not allow this."],
    31005: ["ConnectionError", "The connection to the phone network failed."],
    31008: ["CallCancelledError", "The call has ended before it was answered."],
    31202: ["AccessTokenSignatureValidationFailed", "The access token is signed with another secret."],
    53001: ["ConnectionDisconnected", "The connection to the phone network was lost."],
    31400: ["BadRequest", "The phone network does not understand the request."],
    31404: ["NotFound", "There is no such number or application."],
    31480: ["TemporarilyUnavailable", "The callee is currently unavailable."],
    31603: ["Decline", "The callee does not wish to take the call."],
    31486: ["BusyHere", "The callee is busy."],
    31401: ["PermissionDeniedError", "The page may not use the microphone."],
    31402: ["AcquisitionFailedError", "The microphone cannot be opened."],
  };

  class TwilioError extends Error {
    constructor(code, message) {
      const [name, explanation] = NAMES[code] || ["TwilioError", ""];
      super(message || explanation);
      this.name = name;
      this.code = code;
      this.explanation = explanation;
    }
  }

  class InvalidArgumentError extends Error { name = "InvalidArgumentError"; }
  class InvalidStateError extends Error { name = "InvalidStateError"; }
  class NotSupportedError extends Error {
    name = "NotSupportedError";
    constructor(what) { super(`${what} is not emulated by the simulator's phone.`); }
  }

  Object.assign(Phone, {
    Emitter, TwilioError, InvalidArgumentError, InvalidStateError, NotSupportedError,
    PhoneError: TwilioError,
  });
})();
