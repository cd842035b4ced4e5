// The telephone line inside the browser's audio thread.
//
// Microphone at the sound card's rate -> low-pass, 8 kHz, mu-law frames of 160 bytes (20 ms) to the
// page; frames from the page -> jitter buffer -> decoded, low-pass, sound card's rate -> speaker.
//
// From the page: {type: "frame", bytes} one frame to play, {type: "mute", on}, {type: "reset"},
// {type: "keep", seconds} remember what is played, {type: "heard"} give it back.
// To the page: an ArrayBuffer for each spoken frame, {type: "levels", ...} about 15 times a second,
// {type: "heard", samples, rate}.

const LINE_RATE = 8000;
const FRAME = 160;
const START_FRAMES = 3;       // buffered before playing begins: 60 ms
const MOST_START_FRAMES = 5;  // after the network proved uneven: 100 ms
const MOST_FRAMES = 6;        // 120 ms; what is older is skipped, a call must stay live
const FADE = 40;              // 5 ms at 8 kHz: how fast sound comes and goes around a gap

const MULAW_TO_LINEAR = new Float32Array(256);
for (let code = 0; code < 256; code++) {
  const value = ~code & 0xff;
  const magnitude = ((((value & 0x0f) << 3) + 0x84) << ((value & 0x70) >> 4)) - 0x84;
  MULAW_TO_LINEAR[code] = (value & 0x80 ? -magnitude : magnitude) / 32768;
}

function linearToMulaw(sample) {
  let value = Math.round(Math.max(-1, Math.min(1, sample)) * 32767);
  const sign = value < 0 ? 0x80 : 0;
  if (value < 0) value = -value;
  value = Math.min(value, 32635) + 0x84;
  const exponent = 24 - Math.clz32(value);
  const mantissa = (value >> (exponent + 3)) & 0x0f;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}

function gcd(a, b) {
  return b ? gcd(b, a % b) : a;
}

// A Kaiser window's bell (beta 6: side lobes 60 dB down).
function kaiser(x) {
  const bessel = (v) => {
    let sum = 1, term = 1;
    for (let k = 1; k < 25; k++) {
      term *= (v / (2 * k)) ** 2;
      sum += term;
    }
    return sum;
  };
  return Math.abs(x) >= 1 ? 0 : bessel(6 * Math.sqrt(1 - x * x)) / bessel(6);
}

// Changes the sample rate by the exact ratio of two whole numbers, with a windowed-sinc low-pass
// below the lower rate's half, so that nothing folds back.
class Resampler {
  constructor(from, to) {
    const common = gcd(from, to);
    this.up = to / common;
    this.down = from / common;
    const cutoff = 0.475 * Math.min(1, to / from);      // of the input rate: 3800 Hz of 8000
    this.half = Math.ceil(24 * Math.max(1, from / to)); // taps on each side
    this.taps = 2 * this.half;
    this.phases = Array.from({ length: this.up }, (_, p) => this.phase(p / this.up, cutoff));
    this.history = new Float32Array(0);
    this.at = 0;                                        // next output, in 1/up of an input sample
  }

  phase(fraction, cutoff) {
    const taps = new Float64Array(this.taps);
    let sum = 0;
    for (let i = 0; i < this.taps; i++) {
      const t = i - this.half + 1 - fraction;
      const angle = 2 * Math.PI * cutoff * t;
      const sinc = t === 0 ? 1 : Math.sin(angle) / angle;
      taps[i] = 2 * cutoff * sinc * kaiser(t / this.half);
      sum += taps[i];
    }
    return Float32Array.from(taps, (tap) => tap / sum);
  }

  run(input) {
    const joined = new Float32Array(this.history.length + input.length);
    joined.set(this.history);
    joined.set(input, this.history.length);
    const output = [];
    while (Math.floor(this.at / this.up) + this.taps <= joined.length) {
      const start = Math.floor(this.at / this.up);
      const phase = this.phases[this.at % this.up];
      let sum = 0;
      for (let i = 0; i < this.taps; i++) sum += joined[start + i] * phase[i];
      output.push(sum);
      this.at += this.down;
    }
    const used = Math.min(Math.floor(this.at / this.up), joined.length);
    this.history = joined.slice(used);
    this.at -= used * this.up;
    return output;
  }
}

// What the line says, in order and without clicks: holds back 60 ms against uneven arrival, fades
// out when nothing is there, and skips the oldest sound (cross-fading) when more than 120 ms wait.
class JitterBuffer {
  constructor() {
    this.reset();
    this.target = START_FRAMES;
    this.gaps = 0;
    this.skipped = 0;
  }

  reset() {
    this.frames = [];
    this.place = 0;
    this.playing = false;
    this.gain = 0;
    this.last = 0;
  }

  push(bytes) {
    this.frames.push(Float32Array.from(bytes, (code) => MULAW_TO_LINEAR[code]));
    if (this.frames.length > MOST_FRAMES) this.skip();
  }

  skip() {
    const dropped = this.frames.length - this.target;
    const old = this.frames[0];
    const kept = this.frames.slice(dropped);
    const first = Float32Array.from(kept[0]);
    for (let i = this.place; i < FRAME; i++) {
      const share = Math.min(1, (i - this.place + 1) / FADE);
      first[i] = old[i] * (1 - share) + first[i] * share;
    }
    kept[0] = first;
    this.frames = kept;
    this.skipped += dropped;
  }

  next() {
    if (!this.playing && this.frames.length >= this.target) this.playing = true;
    if (this.playing && this.frames.length === 0) this.ranDry();
    if (!this.playing) {
      this.gain = Math.max(0, this.gain - 1 / FADE);
      return this.last * this.gain;
    }
    this.gain = Math.min(1, this.gain + 1 / FADE);
    this.last = this.frames[0][this.place];
    if (++this.place === FRAME) {
      this.frames.shift();
      this.place = 0;
    }
    return this.last * this.gain;
  }

  ranDry() {
    this.playing = false;
    this.gaps++;
    this.target = Math.min(MOST_START_FRAMES, this.target + 1);
  }
}

// The last seconds that were played, for whoever asks to compare.
class Memory {
  constructor(seconds) {
    this.samples = new Float32Array(Math.ceil(seconds * sampleRate));
    this.written = 0;
  }

  add(block) {
    for (const sample of block) this.samples[this.written++ % this.samples.length] = sample;
  }

  all() {
    const size = this.samples.length;
    if (this.written <= size) return this.samples.slice(0, this.written);
    const turn = this.written % size;
    const whole = new Float32Array(size);
    whole.set(this.samples.subarray(turn));
    whole.set(this.samples.subarray(0, turn), size - turn);
    return whole;
  }
}

class Line extends AudioWorkletProcessor {
  constructor() {
    super();
    this.toLine = new Resampler(sampleRate, LINE_RATE);
    this.fromLine = new Resampler(LINE_RATE, sampleRate);
    this.buffer = new JitterBuffer();
    this.spoken = new Uint8Array(FRAME);
    this.filled = 0;
    this.ready = [];
    this.muted = false;
    this.memory = null;
    this.framesIn = 0;
    this.framesOut = 0;
    this.meter = { spoken: 0, heard: 0, samples: 0 };
    this.port.onmessage = ({ data }) => this.told(data);
  }

  told(message) {
    switch (message.type) {
      case "frame":
        this.framesIn++;
        this.buffer.push(new Uint8Array(message.bytes));
        break;
      case "mute":
        this.muted = message.on;
        break;
      case "reset":
        this.buffer.reset();
        break;
      case "keep":
        this.memory = new Memory(message.seconds);
        break;
      case "heard":
        this.port.postMessage({
          type: "heard", samples: this.memory ? this.memory.all() : new Float32Array(0), rate: sampleRate,
        });
    }
  }

  process(inputs, outputs) {
    const speaker = outputs[0][0];
    const microphone = inputs[0].length ? inputs[0][0] : new Float32Array(speaker.length);
    this.speak(microphone);
    this.play(speaker);
    for (const channel of outputs[0].slice(1)) channel.set(speaker);
    this.report(microphone, speaker);
    return true;
  }

  speak(microphone) {
    for (const sample of this.toLine.run(microphone)) {
      this.spoken[this.filled++] = this.muted ? 0xff : linearToMulaw(sample);
      if (this.filled < FRAME) continue;
      this.filled = 0;
      this.framesOut++;
      const frame = this.spoken.slice().buffer;
      this.port.postMessage(frame, [frame]);
    }
  }

  play(speaker) {
    while (this.ready.length < speaker.length) {
      const line = Float32Array.from({ length: 16 }, () => this.buffer.next());
      this.ready.push(...this.fromLine.run(line));
    }
    speaker.set(this.ready.splice(0, speaker.length));
    if (this.memory) this.memory.add(speaker);
  }

  report(microphone, speaker) {
    const meter = this.meter;
    if (!this.muted) for (const sample of microphone) meter.spoken += sample * sample;
    for (const sample of speaker) meter.heard += sample * sample;
    meter.samples += speaker.length;
    if (meter.samples < sampleRate / 15) return;
    this.port.postMessage({
      type: "levels",
      spoken: Math.sqrt(meter.spoken / meter.samples),
      heard: Math.sqrt(meter.heard / meter.samples),
      framesIn: this.framesIn,
      framesOut: this.framesOut,
      bufferedMs: this.buffer.frames.length * 20,
      gaps: this.buffer.gaps,
      skipped: this.buffer.skipped,
    });
    this.meter = { spoken: 0, heard: 0, samples: 0 };
  }
}

registerProcessor("phone-line", Line);
