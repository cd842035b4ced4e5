/* Replay of one recording: waveforms, sound, and the words as they are spoken.
   Nothing of the sound is loaded before somebody presses Play; that moment is written down. */
import { ask } from "../../ui/ask.js";

(() => {
  const SPEED_KEY = "swiftline.replay.speed";
  const STEP_S = 5;
  const LINK_IS_OLD_MS = 40_000;
  const RENEW_EVERY_MS = 20_000;
  const FOLLOW_AGAIN_MS = 4_000;

  const clock = (seconds) => {
    const whole = Math.max(0, Math.floor(seconds));
    const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
    const text = parts.map((part) => String(part).padStart(2, "0"));
    return whole >= 3600 ? `${parts[0]}:${text[1]}:${text[2]}` : `${Math.floor(whole / 60)}:${text[2]}`;
  };

  const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/[^\p{L}\p{N}' ]/gu, "").trim();

  /* The sound: asks for a link when first needed, keeps it alive, mends it when it ran out. */
  class Sound {
    constructor(root, media, tell) {
      this.media = media;
      this.addresses = { open: root.dataset.openUrl };
      this.tell = tell;
      this.opening = null;
      this.renewedAt = 0;
      this.mendedAt = 0;
      this.mixer = null;
      media.addEventListener("error", () => this.mend());
      this.timer = setInterval(() => {
        if (!media.paused) this.renew().catch(() => {});
      }, RENEW_EVERY_MS);
    }

    get isOpen() {
      return Boolean(this.media.getAttribute("src"));
    }

    async ask(address) {
      const body = await (await ask("POST", address)).json();
      this.renewedAt = Date.now();
      return body;
    }

    open() {
      if (this.isOpen) return Promise.resolve();
      this.opening ||= this.ask(this.addresses.open)
        .then((body) => {
          this.addresses.renew = body.renew_url;
          const at = this.wanted || 0;
          this.media.src = body.sound_url;
          this.media.currentTime = at;
          const listeners = document.getElementById("listeners");
          if (listeners && window.htmx) window.htmx.trigger(listeners, "live");
        })
        .finally(() => { this.opening = null; });
      return this.opening;
    }

    async renew() {
      const body = await this.ask(this.addresses.renew);
      const now = new URL(this.media.src, location.href);
      if (new URL(body.sound_url, location.href).href !== now.href) this.change(body.sound_url);
    }

    change(address) {
      const { currentTime, paused, playbackRate } = this.media;
      this.media.src = address;
      this.media.currentTime = currentTime;
      this.media.playbackRate = playbackRate;
      if (!paused) this.media.play().catch(() => {});
    }

    async mend() {
      if (!this.isOpen || Date.now() - this.mendedAt < 5000) {
        this.tell("The sound cannot be played just now. Reload the page to try again.");
        return;
      }
      this.mendedAt = Date.now();
      try {
        const body = await this.ask(this.addresses.renew);
        this.media.autoplay = false;
        this.change(body.sound_url);
      } catch (error) {
        this.tell(error.message);
      }
    }

    async play() {
      await this.open();
      if (Date.now() - this.renewedAt > LINK_IS_OLD_MS) await this.renew();
      this.mix();
      await this.media.play();
    }

    async seek(seconds) {
      this.wanted = seconds;
      if (this.isOpen && Date.now() - this.renewedAt > LINK_IS_OLD_MS) await this.renew();
      this.media.currentTime = seconds;
    }

    /* Both speakers to both ears, each with a switch of their own. */
    mix() {
      if (this.mixer || !window.AudioContext) {
        if (this.mixer) this.mixer.context.resume();
        return;
      }
      const context = new AudioContext();
      const source = context.createMediaElementSource(this.media);
      const channels = Number(this.media.dataset.channels);
      const gains = [];
      if (channels === 2) {
        const split = context.createChannelSplitter(2);
        source.connect(split);
        for (const number of [0, 1]) {
          const gain = context.createGain();
          split.connect(gain, number);
          gain.connect(context.destination);
          gains.push(gain);
        }
      } else {
        const gain = context.createGain();
        source.connect(gain).connect(context.destination);
        gains.push(gain);
      }
      this.mixer = { context, gains };
      this.applyMutes();
    }

    mute(channel, isMuted) {
      this.mutes = { ...this.mutes, [channel]: isMuted };
      this.applyMutes();
    }

    applyMutes() {
      if (!this.mixer) return;
      this.mixer.gains.forEach((gain, channel) => {
        gain.gain.value = this.mutes && this.mutes[channel] ? 0 : 1;
      });
    }
  }

  /* The words: which one is being spoken, on each channel, and keeping it in view. */
  class Words {
    constructor(box) {
      this.box = box;
      this.touchedAt = 0;
      for (const kind of ["wheel", "touchmove"]) {
        box.addEventListener(kind, () => { this.touchedAt = Date.now(); }, { passive: true });
      }
      this.read();
    }

    read() {
      this.spans = [...this.box.querySelectorAll(".w")];
      this.channels = [[], []];
      for (const span of this.spans) {
        this.channels[Number(span.dataset.c)].push({
          span, start: Number(span.dataset.s), end: Number(span.dataset.e),
        });
      }
      for (const words of this.channels) words.sort((a, b) => a.start - b.start);
      this.lit = [null, null];
    }

    show(seconds, isPlaying) {
      this.channels.forEach((words, channel) => {
        const word = this.at(words, seconds);
        const before = this.lit[channel];
        if (word === before) return;
        if (before) before.span.classList.remove("w--now");
        if (word) word.span.classList.add("w--now");
        this.lit[channel] = word;
        if (word && isPlaying) this.follow(word.span);
      });
    }

    at(words, seconds) {
      let low = 0;
      let high = words.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (words[middle].start <= seconds) low = middle + 1;
        else high = middle;
      }
      const word = words[low - 1];
      return word && seconds < word.end + 0.05 ? word : null;
    }

    follow(span) {
      if (Date.now() - this.touchedAt < FOLLOW_AGAIN_MS) return;
      this.reveal(span);
    }

    reveal(span) {
      const scrolls = getComputedStyle(this.box).overflowY === "auto";
      const box = this.box.getBoundingClientRect();
      const player = this.box.closest(".replay").querySelector(".player").getBoundingClientRect();
      const top = scrolls ? box.top : Math.max(0, player.bottom);
      const height = scrolls ? box.height : innerHeight - top;
      const word = span.getBoundingClientRect();
      if (word.top >= top + height / 6 && word.bottom <= top + (height * 5) / 6) return;
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      (scrolls ? this.box : window).scrollBy({
        top: word.top - top - height / 3,
        behavior: calm ? "auto" : "smooth",
      });
    }

    find(text) {
      for (const span of this.spans) span.classList.remove("w--hit", "w--hit-now");
      const wanted = plain(text).split(/\s+/).filter(Boolean);
      if (!wanted.length) return [];
      const said = this.spans.map((span) => plain(span.textContent));
      const hits = [];
      for (let i = 0; i + wanted.length <= said.length; i += 1) {
        const last = wanted.length - 1;
        const fits = wanted.every((part, j) =>
          j === last ? said[i + j].startsWith(part) : said[i + j] === part);
        if (fits) hits.push(this.spans.slice(i, i + wanted.length));
      }
      for (const hit of hits) for (const span of hit) span.classList.add("w--hit");
      return hits;
    }
  }

  function start(root) {
    if (root.dataset.started) return;
    root.dataset.started = "yes";
    const get = (selector) => root.querySelector(selector);
    const media = get("#sound");
    const duration = Number(root.dataset.duration);
    const peaks = JSON.parse(get("#peaks").textContent);
    const note = get("#replay-note");
    const tell = (text) => { note.textContent = text; note.hidden = !text; };
    const sound = new Sound(root, media, tell);
    let words = new Words(get("#words"));

    const wave = draw(root, media, peaks, duration);
    const now = () => (sound.isOpen ? media.currentTime : sound.wanted || 0);

    function paint() {
      const at = now();
      get("#now").textContent = clock(at);
      words.show(at, !media.paused);
    }
    function tick() {
      paint();
      if (!media.paused) requestAnimationFrame(tick);
    }
    function sayPlaying() {
      const isPlaying = !media.paused;
      get("#play").setAttribute("aria-label", isPlaying ? "Pause" : "Play");
      get("#play").classList.toggle("is-playing", isPlaying);
    }
    async function go(seconds, andPlay) {
      const at = Math.min(Math.max(0, seconds), Math.max(0, duration - 0.05));
      tell("");
      try {
        await sound.seek(at);
        wave.setTime(at);
        paint();
        if (andPlay && media.paused) await sound.play();
      } catch (error) {
        complain(error);
      }
    }
    async function toggle() {
      tell("");
      try {
        if (!media.paused) media.pause();
        else await sound.play();
      } catch (error) {
        complain(error);
      }
    }
    function complain(error) {
      if (error.name !== "AbortError") tell(error.message);
    }
    function setSpeed(value) {
      media.defaultPlaybackRate = value;
      media.playbackRate = value;
      sessionStorage.setItem(SPEED_KEY, String(value));
      for (const option of root.querySelectorAll("[data-speed]")) {
        option.setAttribute("aria-pressed", String(Number(option.dataset.speed) === value));
      }
    }

    media.preservesPitch = true;
    media.addEventListener("play", () => { sayPlaying(); tick(); });
    media.addEventListener("pause", () => { sayPlaying(); paint(); });
    media.addEventListener("ended", sayPlaying);
    media.addEventListener("seeked", paint);
    wave.on("interaction", (seconds) => go(seconds, false));
    get("#play").addEventListener("click", toggle);
    get("#back").addEventListener("click", () => go(now() - STEP_S, false));
    get("#forth").addEventListener("click", () => go(now() + STEP_S, false));
    for (const option of root.querySelectorAll("[data-speed]")) {
      option.addEventListener("click", () => setSpeed(Number(option.dataset.speed)));
    }
    for (const button of root.querySelectorAll("[data-mute]")) {
      button.addEventListener("click", () => {
        const isMuted = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(isMuted));
        sound.mute(Number(button.dataset.mute), isMuted);
      });
    }
    get("#transcript").addEventListener("click", (event) => {
      const place = event.target.closest("[data-s]");
      if (place) go(Number(place.dataset.s), true);
    });
    get("#copy-link").addEventListener("click", async () => {
      const address = new URL(location.pathname, location.href);
      address.searchParams.set("t", now().toFixed(1));
      try {
        await navigator.clipboard.writeText(address.href);
        tell(`Link to ${clock(now())} copied.`);
      } catch {
        tell(address.href);
      }
    });

    search(root, () => words, (at) => go(at, false), duration);
    keys({ toggle, go, now, find: () => get("#find").focus() });
    setSpeed(Number(sessionStorage.getItem(SPEED_KEY)) || 1);
    mark(get("#key-marks"), [...root.querySelectorAll(".turn--keys [data-s]")].map(
      (element) => Number(element.dataset.s)), duration);
    const t = Number(new URL(location.href).searchParams.get("t"));
    if (t > 0) go(t, false).then(() => {
      const near = words.spans.find((span) => Number(span.dataset.e) >= t);
      if (near) words.reveal(near);
    });
    root.addEventListener("htmx:afterSettle", () => { words = new Words(get("#words")); });
    root.dataset.ready = "yes";
  }

  function draw(root, media, peaks, duration) {
    const style = getComputedStyle(root);
    const colour = (name) => style.getPropertyValue(name).trim();
    const loudest = Math.max(0.05, ...peaks.map((channel) => Math.max(...channel)));
    const look = peaks.length === 2
      ? [["--caller", "--caller-soft"], ["--line", "--line-soft"]]
      : [["--caller", "--caller-soft"]];
    const options = {
      container: root.querySelector("#wave"),
      media,
      peaks,
      duration,
      height: innerWidth < 640 ? 40 : 56,
      barWidth: 2,
      barGap: 1,
      barRadius: 2,
      normalize: true,
      maxPeak: loudest,
      cursorColor: colour("--cursor"),
      cursorWidth: 2,
      dragToSeek: true,
      cspNonce: root.dataset.nonce,
      splitChannels: look.map(([played, rest]) => ({
        progressColor: colour(played),
        waveColor: colour(rest),
      })),
    };
    const wave = WaveSurfer.create(options);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      wave.setOptions({
        cursorColor: colour("--cursor"),
        splitChannels: look.map(([played, rest]) => ({
          progressColor: colour(played), waveColor: colour(rest),
        })),
      });
    });
    ticks(root.querySelector("#ticks"), duration);
    return wave;
  }

  function ticks(row, duration) {
    const most = Math.max(2, Math.floor(row.clientWidth / 70));
    const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600].find(
      (seconds) => duration / seconds <= most) || 3600;
    for (let at = 0; at < duration - step / 3; at += step) {
      const tick = document.createElement("span");
      tick.textContent = clock(at);
      tick.style.left = `${(100 * at) / duration}%`;
      row.append(tick);
    }
  }

  function mark(row, times, duration) {
    row.replaceChildren(...times.map((at) => {
      const place = document.createElement("i");
      place.style.left = `${(100 * at) / duration}%`;
      return place;
    }));
  }

  function search(root, words, go, duration) {
    const field = root.querySelector("#find");
    const count = root.querySelector("#found");
    const marks = root.querySelector("#find-marks");
    let hits = [];
    let current = -1;
    function look() {
      hits = words().find(field.value);
      current = -1;
      mark(marks, hits.map((hit) => Number(hit[0].dataset.s)), duration);
      count.textContent = field.value.trim() ? `${hits.length} found` : "";
      if (hits.length) step(1);
    }
    function step(by) {
      if (!hits.length) return;
      if (current >= 0) for (const span of hits[current]) span.classList.remove("w--hit-now");
      current = (current + by + hits.length) % hits.length;
      for (const span of hits[current]) span.classList.add("w--hit-now");
      words().reveal(hits[current][0]);
      count.textContent = `${current + 1} of ${hits.length}`;
    }
    field.addEventListener("input", look);
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { field.value = ""; look(); field.blur(); }
      if (event.key !== "Enter") return;
      event.preventDefault();
      if (event.ctrlKey || event.metaKey) {
        if (hits[current]) go(Number(hits[current][0].dataset.s));
      } else {
        step(event.shiftKey ? -1 : 1);
      }
    });
    if (field.value.trim()) look();
  }

  function keys({ toggle, go, now, find }) {
    document.addEventListener("keydown", (event) => {
      const target = event.target;
      const isTyping = target.matches("input, textarea, select, [contenteditable]");
      const isControl = target.matches("button, a, summary, label");
      if (event.code === "Space" && (event.altKey || !(isTyping || isControl))) {
        event.preventDefault();
        toggle();
        return;
      }
      if (isTyping || event.altKey || event.ctrlKey || event.metaKey) return;
      if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
        event.preventDefault();
        go(now() + (event.key === "ArrowLeft" ? -STEP_S : STEP_S), false);
      } else if (event.key === "/") {
        event.preventDefault();
        find();
      }
    });
  }

  function startAll() {
    for (const root of document.querySelectorAll("[data-replay]")) start(root);
  }

  document.addEventListener("DOMContentLoaded", startAll);
  document.addEventListener("htmx:afterSettle", startAll);
})();
