// The softphone page: one person's telephone with several lines, and their text messages.
(() => {
  "use strict";
  const KEYS = [
    ["1", ""], ["2", "ABC"], ["3", "DEF"], ["4", "GHI"], ["5", "JKL"], ["6", "MNO"],
    ["7", "PQRS"], ["8", "TUV"], ["9", "WXYZ"], ["*", ""], ["0", "+"], ["#", ""],
  ];
  const MOST_LINES = 4;
  const SAVED_NUMBER = "softphone-number";
  const SAVED_RING = "softphone-ring";
  const $ = (id) => document.getElementById(id);

  const texts = new Conversation($("texts"), $("texts-empty"), null);
  const network = new Phone.Device(null, { url: location.origin.replace(/^http/, "ws") + "/phone" });
  const lines = [];
  let line = null;       // the chosen one
  let known = { hotline: "", callers: [] };
  let watched = "";
  let isUp = false;
  globalThis.softphone = { lines, get line() { return line; }, network };

  // Numbers

  async function loadNumbers() {
    const answer = await fetch("/phone/config");
    known = await answer.json();
    // Whoever was quicker than the network keeps what they typed.
    $("to").value ||= new URLSearchParams(location.search).get("to") || known.hotline || "";
    $("from").value ||= localStorage.getItem(SAVED_NUMBER) || known.callers[0];
    $("callers").replaceChildren(...known.callers.map((number) => new Option(number, number)));
    isUp = true;
    keepNumbers();
    draw();
    watch();
  }

  function keepNumbers() {
    line.to = clean($("to").value);
    line.from = clean($("from").value);
    wait();
  }

  // Where it is wanted, each line waits for the calls to its number.
  function wait() {
    lines.forEach((one) => one.ringAs($("ring").checked && one.from !== "anonymous" ? one.from : ""));
  }

  // Text messages follow the caller's number; the network sends those of the past first.
  function watch() {
    const number = clean($("from").value);
    if (!number || number === watched) return;
    watched = number;
    $("texts-number").textContent = `to ${number}`;
    localStorage.setItem(SAVED_NUMBER, number);
    texts.clear();
    network.send({ event: "watch", number }).catch(() => {});
  }

  // As people write or paste numbers: (312) 555-0100, 1-312-555-0100, +1 312 555 0100.
  // client:NAME is a client of the account: it calls the application.
  function clean(number) {
    if (/^\s*anonymous\s*$/i.test(number)) return "anonymous";
    if (/^\s*client:/i.test(number)) return number.trim().replace(/^client:/i, "client:");
    const plain = number.replace(/[^\d+]/g, "");
    return plain.replace(/^1?(\d{10})$/, "+1$1");
  }

  function sendText(event) {
    event.preventDefault();
    const body = $("reply-body").value.trim();
    if (!body) return;
    watch();
    network.send({ event: "text", from: watched, to: clean($("to").value), body })
      .then(() => { $("reply-body").value = ""; }, (error) => textTrouble(error.message));
  }

  function textTrouble(words) {
    $("texts-notice").textContent = words;
    $("texts-notice").hidden = !words;
  }

  // Lines

  function addLine() {
    const list = document.createElement("ol");
    Object.assign(list, { className: "lines", id: "lines", tabIndex: 0 });
    list.setAttribute("aria-live", "polite");
    list.setAttribute("aria-label", "What the line said and which keys were pressed");
    const made = new Line({
      number: 1 + Math.max(0, ...lines.map((one) => one.number)),
      list, empty: $("lines-empty"), pill: $("to-live"), onchange: draw, onlevels: showLevels,
    });
    made.to = line ? known.hotline || line.to : "";
    made.from = known.callers.find((number) => !lines.some((one) => one.from === number)) || (line && line.from) || "";
    lines.push(made);
    choose(made);
    wait();
    if (lines.length > 1) $("call").focus();
  }

  function choose(wanted) {
    if (line === wanted) return;
    if (line) {
      if (!line.isBusy) keepNumbers();
      line.choose(false);
    }
    line = wanted;
    $("lines").replaceWith(line.talk.list);
    line.choose(true);
    $("to").value = line.to;
    $("from").value = line.from;
    showLevels(0, 0);
    draw();
    watch();
  }

  function closeLine(gone) {
    gone.close();
    lines.splice(lines.indexOf(gone), 1);
    if (gone === line) choose(lines[0]);
    draw();
  }

  function dial(event) {
    event.preventDefault();
    if (line.state === "rung") return line.answer();
    if (line.isBusy) return;
    keepNumbers();
    $("to").value = line.to;
    $("from").value = line.from;
    watch();
    line.dial().then(() => $("hangup").focus());
  }

  // Keys

  function press(digit) {
    if (!line.press(digit)) return;
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
      const name = { "*": "star", "#": "hash" }[digit];
      if (name) button.setAttribute("aria-label", name);
      sign.textContent = digit;
      small.textContent = letters;
      small.setAttribute("aria-hidden", "true");
      button.append(sign, small);
      button.addEventListener("click", () => press(digit));
      return button;
    }));
  }

  const SHORTCUTS = {
    m: () => line.mute(!line.isMuted),
    h: () => line.hangUp(),
    a: () => line.answer(),
    n: () => lines.length < MOST_LINES && addLine(),
    l: () => choose(lines[(lines.indexOf(line) + 1) % lines.length]),
  };

  function typed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.matches("input, textarea, select")) return;
    if (/^[0-9*#]$/.test(event.key)) press(event.key);
    else (SHORTCUTS[event.key.toLowerCase()] || (() => {}))();
  }

  // What is seen

  function draw() {
    if (!line) return;
    const { state, isBusy } = line;
    const wasBusy = $("hangup").hidden === false;
    $("phone").dataset.state = state;
    if ($("state").textContent !== line.words) $("state").textContent = line.words;
    const isRung = state === "rung";
    $("call").hidden = isBusy && !isRung;
    $("call-word").textContent = isRung ? "Answer" : "Call";
    $("hangup-word").textContent = isRung ? "Decline" : "Hang up";
    $("dial").noValidate = isRung;
    $("call").disabled = !isUp;
    $("hangup").hidden = !isBusy;
    $("mute").hidden = isRung;
    $("mute").disabled = !isBusy;
    $("mute").setAttribute("aria-pressed", String(line.isMuted));
    $("mute-word").textContent = line.isMuted ? "Muted" : "Mute";
    $("level-spoken").classList.toggle("muted", line.isMuted);
    $("to").disabled = $("from").disabled = isBusy;
    $("digits").textContent = line.digits;
    $("notice").hidden = !line.notice;
    if ($("notice").textContent !== line.notice) $("notice").textContent = line.notice;
    document.querySelectorAll("#keys button").forEach((key) => { key.disabled = state !== "open"; });
    if (wasBusy && !isBusy) $("call").focus();
    document.title = lines.some((one) => one.state === "open") ? "On a call · Softphone" : "Softphone";
    drawLines();
    tick();
  }

  function drawLines() {
    const focused = document.activeElement.dataset.line;
    $("line-tabs").replaceChildren(...lines.map(lineTab));
    $("line-add").disabled = lines.length >= MOST_LINES;
    if (focused) $("line-tabs").querySelector(`[data-line="${focused}"]`)?.focus();
  }

  function lineTab(one) {
    const item = document.createElement("li");
    const tab = document.createElement("button");
    const name = document.createElement("b");
    const facts = document.createElement("small");
    tab.type = "button";
    tab.className = "line-tab";
    tab.dataset.line = String(one.number);
    tab.dataset.state = one.state;
    tab.setAttribute("aria-pressed", String(one === line));
    name.textContent = `Line ${one.number}`;
    facts.textContent = tabWords(one);
    tab.append(name, facts);
    tab.addEventListener("click", () => choose(one));
    item.append(tab);
    if (lines.length > 1 && !one.isBusy) item.append(closeButton(one));
    return item;
  }

  function closeButton(one) {
    const close = document.createElement("button");
    close.type = "button";
    close.className = "line-close";
    close.textContent = "×";
    close.setAttribute("aria-label", `Close line ${one.number}`);
    close.addEventListener("click", () => closeLine(one));
    return close;
  }

  function tabWords(one) {
    if (one.state !== "open") return { idle: "free", rung: "rings" }[one.state] || one.words;
    return one === line ? one.elapsed : `${one.elapsed} · parked`;
  }

  function tick() {
    $("timer").textContent = line.elapsed;
    for (const one of lines) {
      const facts = $("line-tabs").querySelector(`[data-line="${one.number}"] small`);
      if (facts && facts.textContent !== tabWords(one)) facts.textContent = tabWords(one);
    }
  }

  // Loudness as the ear hears it: -50 dB is nothing, -5 dB is full.
  function showLevels(spoken, heard) {
    const share = (level) => Math.max(0, Math.min(1, (20 * Math.log10(level + 1e-6) + 50) / 45));
    $("level-spoken").firstElementChild.style.clipPath = `inset(0 ${100 * (1 - share(spoken))}% 0 0)`;
    $("level-heard").firstElementChild.style.clipPath = `inset(0 ${100 * (1 - share(heard))}% 0 0)`;
  }

  function showLink(up) {
    isUp = up;
    $("link").dataset.state = up ? "up" : "down";
    $("link-word").textContent = up ? "Network up" : "Network away";
    $("away").hidden = up;
    draw();
  }

  addLine();
  drawKeys();
  draw();
  network.on("connected", () => { showLink(true); });
  network.on("lost", () => {
    showLink(false);
    watched = "";
    setTimeout(watch, 1500);
  });
  network.on("error", (error) => textTrouble(error.message));
  network.on("sms", (text) => {
    textTrouble("");
    texts.texts({ ...text, at: Line.clock(new Date(text.at)) });
  });
  $("dial").addEventListener("submit", dial);
  $("line-add").addEventListener("click", addLine);
  $("ring").checked = localStorage.getItem(SAVED_RING) === "yes";
  $("ring").addEventListener("change", () => {
    localStorage.setItem(SAVED_RING, $("ring").checked ? "yes" : "no");
    keepNumbers();
  });
  $("hangup").addEventListener("click", () => line.hangUp());
  $("mute").addEventListener("click", () => line.mute(!line.isMuted));
  $("from").addEventListener("change", () => { keepNumbers(); watch(); });
  $("to").addEventListener("change", () => { $("to").value = clean($("to").value); keepNumbers(); });
  $("reply").addEventListener("submit", sendText);
  document.addEventListener("keydown", typed);
  addEventListener("pagehide", () => lines.forEach((one) => one.hangUp()));
  setInterval(tick, 250);
  loadNumbers().catch(() => showLink(false));
})();
