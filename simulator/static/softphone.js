// The softphone page: one caller's telephone.
(() => {
  "use strict";
  const KEYS = [
    ["1", ""], ["2", "ABC"], ["3", "DEF"], ["4", "GHI"], ["5", "JKL"], ["6", "MNO"],
    ["7", "PQRS"], ["8", "TUV"], ["9", "WXYZ"], ["*", ""], ["0", "+"], ["#", ""],
  ];
  const SAVED_NUMBER = "softphone-number";
  const $ = (id) => document.getElementById(id);

  const talk = new Conversation($("lines"), $("lines-empty"), $("to-live"));
  const texts = new Conversation($("texts"), $("texts-empty"), null);
  const device = new Phone.Device(null, {
    url: location.origin.replace(/^http/, "ws") + "/phone",
    microphone: "optional",
  });
  let call = null;
  let startedAt = 0;
  let watched = "";
  globalThis.softphone = { device, get call() { return call; } };

  // Numbers

  async function loadNumbers() {
    const answer = await fetch("/phone/config");
    const { hotline, callers } = await answer.json();
    // Whoever was quicker than the network keeps what they typed.
    $("to").value ||= new URLSearchParams(location.search).get("to") || hotline || "";
    $("from").value ||= localStorage.getItem(SAVED_NUMBER) || callers[0];
    $("callers").replaceChildren(...callers.map((number) => new Option(number, number)));
    $("call").disabled = false;
    watch();
  }

  // Text messages follow the caller's number; the network sends those of the past first.
  function watch() {
    const number = clean($("from").value);
    if (!number || number === watched) return;
    watched = number;
    $("texts-number").textContent = `to ${number}`;
    localStorage.setItem(SAVED_NUMBER, number);
    texts.clear();
    device.send({ event: "watch", number }).catch(() => {});
  }

  // As people write or paste numbers: (312) 555-0100, 1-312-555-0100, +1 312 555 0100.
  function clean(number) {
    if (/^\s*anonymous\s*$/i.test(number)) return "anonymous";
    const plain = number.replace(/[^\d+]/g, "");
    return plain.replace(/^1?(\d{10})$/, "+1$1");
  }

  function sendText(event) {
    event.preventDefault();
    const body = $("reply-body").value.trim();
    if (!body) return;
    watch();
    device.send({ event: "text", from: watched, to: clean($("to").value), body })
      .then(() => { $("reply-body").value = ""; }, (error) => notice(error.message));
  }

  // A call

  async function dial(event) {
    event.preventDefault();
    if (call) return;
    $("to").value = clean($("to").value);
    $("from").value = clean($("from").value);
    watch();
    talk.clear();
    notice("");
    $("digits").textContent = "";
    call = await device.connect({ params: { To: $("to").value, From: $("from").value } });
    startedAt = 0;
    show("connecting");
    listen(call);
    setTimeout(explainPrompt, 1500, call);
  }

  function explainPrompt(line) {
    if (line === call && line.status() === "connecting" && !line.sound) {
      notice("Your browser asks for the microphone. Allow it to speak, or refuse it and use the keys.");
      line.once("accept", () => { if (!line.sound.microphoneError) notice(""); });
    }
  }

  function listen(line) {
    line.on("ringing", () => show("ringing"));
    line.on("accept", () => {
      startedAt = Date.now();
      show("open");
      talk.notes(`Connected ${clock()}`);
    });
    line.on("disconnect", () => ended(line));
    line.on("mute", (on) => showMute(on));
    line.on("volume", showLevels);
    line.on("error", (error) => notice(error.message));
    line.on("warning", (name, trouble) => notice(`${trouble.message} Your keys still work; the line hears silence.`));
    line.on("caption", (caption) => talk.says({ ...caption, at: elapsed() }));
    line.on("transferred", () => talk.notes("You are through to somebody"));
    line.on("released", () => talk.notes("They have left the call"));
  }

  function ended(line) {
    const lasted = startedAt ? ` after ${elapsed()}` : "";
    talk.notes(`${line.endReason || "You hung up"}${lasted}`);
    call = null;
    show("idle", line.endReason || "Call ended");
    showLevels(0, 0);
    showMute(false);
  }

  // Keys

  function press(digit) {
    if (!call || call.status() !== "open") return;
    call.sendDigits(digit);
    $("digits").textContent += digit;
    talk.presses(digit, elapsed());
    const button = document.querySelector(`[data-key="${digit}"]`);
    button.classList.add("down");
    setTimeout(() => button.classList.remove("down"), 140);
  }

  function drawKeys() {
    $("keys").append(...KEYS.map(([digit, letters]) => {
      const button = document.createElement("button");
      const sign = document.createElement("b");
      const small = document.createElement("small");
      button.type = "button";
      button.dataset.key = digit;
      button.disabled = true;
      button.setAttribute("aria-label", { "*": "star", "#": "hash" }[digit] || digit);
      sign.textContent = digit;
      small.textContent = letters;
      button.append(sign, small);
      button.addEventListener("click", () => press(digit));
      return button;
    }));
  }

  function typed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.matches("input, textarea, select")) return;
    if (/^[0-9*#]$/.test(event.key)) press(event.key);
    else if (event.key.toLowerCase() === "m" && call) call.mute(!call.isMuted());
  }

  // What is seen

  const WORDS = { idle: "Ready to call", connecting: "Opening the line", ringing: "Ringing", open: "Connected" };

  function show(state, words) {
    $("phone").dataset.state = state;
    $("state").textContent = words || WORDS[state];
    const busy = state !== "idle";
    $("call").hidden = busy;
    $("hangup").hidden = !busy;
    $("mute").disabled = !busy;
    $("to").disabled = $("from").disabled = busy;
    document.querySelectorAll("#keys button").forEach((key) => { key.disabled = state !== "open"; });
    if (state === "connecting") $("hangup").focus();
    if (state === "idle") $("call").focus();
    document.title = state === "open" ? "On a call · Softphone" : "Softphone";
    tick();
  }

  function tick() {
    if (call || !startedAt) $("timer").textContent = elapsed();
  }

  function elapsed() {
    const seconds = startedAt ? Math.floor((Date.now() - startedAt) / 1000) : 0;
    const pad = (value) => String(value).padStart(2, "0");
    return `${pad(Math.floor(seconds / 60))}:${pad(seconds % 60)}`;
  }

  function clock(date = new Date()) {
    return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  }

  // Loudness as the ear hears it: -50 dB is nothing, -5 dB is full.
  function showLevels(spoken, heard) {
    const share = (level) => Math.max(0, Math.min(1, (20 * Math.log10(level + 1e-6) + 50) / 45));
    $("level-spoken").firstElementChild.style.clipPath = `inset(0 ${100 * (1 - share(spoken))}% 0 0)`;
    $("level-heard").firstElementChild.style.clipPath = `inset(0 ${100 * (1 - share(heard))}% 0 0)`;
  }

  function showMute(on) {
    $("mute").setAttribute("aria-pressed", String(on));
    $("mute-word").textContent = on ? "Muted" : "Mute";
    $("level-spoken").classList.toggle("muted", on);
  }

  function notice(words) {
    $("notice").textContent = words;
    $("notice").hidden = !words;
  }

  function showLink(up) {
    $("link").dataset.state = up ? "up" : "down";
    $("link-word").textContent = up ? "Network up" : "Network away";
  }

  drawKeys();
  device.on("connected", () => { showLink(true); });
  device.on("lost", () => {
    showLink(false);
    watched = "";
    setTimeout(watch, 1500);
  });
  device.on("error", (error) => notice(error.message));
  device.on("sms", (text) => texts.texts({ ...text, at: clock(new Date(text.at)) }));
  $("dial").addEventListener("submit", dial);
  $("hangup").addEventListener("click", () => call && call.disconnect());
  $("mute").addEventListener("click", () => call && call.mute(!call.isMuted()));
  $("from").addEventListener("change", watch);
  $("to").addEventListener("change", () => { $("to").value = clean($("to").value); });
  $("reply").addEventListener("submit", sendText);
  document.addEventListener("keydown", typed);
  addEventListener("pagehide", () => device.disconnectAll());
  setInterval(tick, 250);
  loadNumbers().catch(() => notice("The phone network cannot be reached. Is the simulator running?"));
})();
