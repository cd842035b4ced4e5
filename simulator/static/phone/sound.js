// Phone.Sound: what one call sounds like in this browser. Microphone, speaker, tones.
//
// All calls of a page share one AudioContext, which sleeps while nobody is on the line.
(() => {
  "use strict";
  const Phone = (globalThis.Phone = globalThis.Phone || {});
  Phone.sounds = new Set();  // of the calls under way
  Phone.origin = new URL(document.currentScript.src).origin;

  const WORKLET = Phone.origin + "/static/phone/worklet.js";
  const MICROPHONE = {
    echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1,
  };
  const KEY_TONES = {
    1: [697, 1209], 2: [697, 1336], 3: [697, 1477], 4: [770, 1209], 5: [770, 1336], 6: [770, 1477],
    7: [852, 1209], 8: [852, 1336], 9: [852, 1477], "*": [941, 1209], 0: [941, 1336], "#": [941, 1477],
  };

  let context = null;
  let loaded = null;
  let users = 0;

  function audioContext() {
    context = context || new AudioContext({ latencyHint: "interactive" });
    return context;
  }

  async function wake() {
    users++;
    const awake = audioContext();
    loaded = loaded || awake.audioWorklet.addModule(WORKLET);
    loaded.catch(() => { loaded = null; });
    await loaded;
    // Without a gesture of the person some browsers keep this waiting; the call must not wait too.
    awake.resume().catch(() => {});
    return awake;
  }

  function rest() {
    users = Math.max(0, users - 1);
    if (users === 0 && context) context.suspend().catch(() => {});
  }

  // Plain words for what getUserMedia refuses with.
  function microphoneTrouble(error) {
    const words = {
      NotAllowedError: "This page may not use the microphone. Allow it in the browser's address bar.",
      NotFoundError: "No microphone was found. Plug one in and call again.",
      NotReadableError: "The microphone is in use by another program.",
      SecurityError: "Browsers give the microphone only to localhost and https pages.",
    };
    return { name: error.name, message: words[error.name] || "The microphone could not be opened." };
  }

  // constraints, getUserMedia: the page's own instead of ours and the browser's.
  async function openMicrophone({ deviceId, constraints, getUserMedia }) {
    if (getUserMedia) return getUserMedia(constraints || { audio: MICROPHONE });
    if (!navigator.mediaDevices) throw new DOMException("insecure page", "SecurityError");
    const wanted = deviceId ? { ...MICROPHONE, deviceId: { exact: deviceId } } : MICROPHONE;
    return navigator.mediaDevices.getUserMedia(constraints || { audio: wanted });
  }

  class Sound {
    // Opens the microphone and the line's worklet. Never fails for want of a microphone: the reason
    // is then in `microphoneError` and silence is sent.
    static async open(microphone = {}) {
      const sound = new Sound();
      let awake;
      try {
        awake = await wake();
      } catch (error) {
        rest();
        throw error;
      }
      sound.context = awake;
      sound.attach();
      Phone.sounds.add(sound);
      await sound.listen(microphone);
      return sound;
    }

    constructor() {
      this.microphoneError = null;
      this.stream = null;
      this.onframe = () => {};
      this.onlevels = () => {};
      this.levels = { spoken: 0, heard: 0, framesIn: 0, framesOut: 0, bufferedMs: 0, gaps: 0, skipped: 0 };
      this.answers = [];
      this.closed = false;
    }

    attach() {
      this.node = new AudioWorkletNode(this.context, "phone-line", { outputChannelCount: [1] });
      this.node.port.onmessage = ({ data }) => this.told(data);
      this.speaker = this.context.createGain();
      this.node.connect(this.speaker).connect(this.context.destination);
      this.remote = this.context.createMediaStreamDestination();
      this.node.connect(this.remote);
    }

    async listen(microphone) {
      try {
        this.stream = await openMicrophone(microphone);
        this.source = this.context.createMediaStreamSource(this.stream);
        this.source.connect(this.node);
      } catch (error) {
        this.microphoneError = microphoneTrouble(error);
      }
    }

    told(message) {
      if (message instanceof ArrayBuffer) this.onframe(message);
      else if (message.type === "levels") this.onlevels((this.levels = message));
      else if (message.type === "heard") this.answers.splice(0).forEach((answer) => answer(message));
    }

    // bytes: ArrayBuffer of mu-law, 8 kHz; any length, usually 160.
    play(bytes) {
      this.node.port.postMessage({ type: "frame", bytes }, [bytes]);
    }

    mute(on) {
      this.node.port.postMessage({ type: "mute", on });
    }

    // Whether this call is heard from the speaker; it goes on meanwhile.
    silence(on) {
      this.speaker.gain.value = on ? 0 : 1;
    }

    // Remember the last `seconds` of what is played, for tests and for `heard()`.
    keep(seconds) {
      this.node.port.postMessage({ type: "keep", seconds });
    }

    // -> {samples: Float32Array, rate}: what was played since keep().
    heard() {
      return new Promise((resolve) => {
        this.answers.push(resolve);
        this.node.port.postMessage({ type: "heard" });
      });
    }

    key(digit) {
      if (KEY_TONES[digit]) tone(this.context, KEY_TONES[digit], 0, 0.14, 0.06);
    }

    close() {
      if (this.closed) return;
      this.closed = true;
      Phone.sounds.delete(this);
      if (this.stream) this.stream.getTracks().forEach((track) => track.stop());
      if (this.source) this.source.disconnect();
      this.node.disconnect();
      this.speaker.disconnect();
      this.node.port.onmessage = null;
      rest();
    }
  }

  // One tone of several pitches, `after_s` from now, with soft edges.
  function tone(where, pitches, afterS, lengthS, loudness) {
    const gain = where.createGain();
    const start = where.currentTime + afterS;
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(loudness, start + 0.01);
    gain.gain.setValueAtTime(loudness, start + lengthS - 0.02);
    gain.gain.linearRampToValueAtTime(0, start + lengthS);
    gain.connect(where.destination);
    for (const pitch of pitches) {
      const oscillator = where.createOscillator();
      oscillator.frequency.value = pitch;
      oscillator.connect(gain);
      oscillator.start(start);
      oscillator.stop(start + lengthS);
    }
    return gain;
  }

  // The bell of an incoming call, until stopped; `address` of a sound to ring with instead.
  class Ring {
    constructor(address) {
      if (address) this.own = Object.assign(new Audio(address), { loop: true });
      if (this.own) this.own.play().catch(() => {});
      else this.begin();
    }

    begin() {
      users++;
      this.context = audioContext();
      this.context.resume().catch(() => {});
      this.ring();
      this.timer = setInterval(() => this.ring(), 3000);
    }

    ring() {
      this.gains = [0, 0.45].map((after) => tone(this.context, [523.25, 659.25], after, 0.35, 0.12));
    }

    stop() {
      if (this.own) this.own.pause();
      if (!this.timer) return;
      clearInterval(this.timer);
      this.timer = null;
      this.gains.forEach((gain) => gain.disconnect());
      rest();
    }
  }

  // Two short notes: a call goes out, a call is over.
  function chime(pitches) {
    if (!context || context.state !== "running") return;
    pitches.forEach((pitch, at) => tone(context, [pitch], at * 0.13, 0.12, 0.05));
  }

  Phone.chime = chime;
  Phone.audioContext = () => context;
  Phone.Sound = Sound;
  Phone.Ring = Ring;
})();
