// The page of live and recent calls: asks for news each second while it is looked at.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const BAD = ["failed", "busy", "no-answer", "canceled"];
  let chosen = decodeURIComponent(location.hash.slice(1));
  let drawn = "";
  let isLive = false;

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // The list

  function drawCalls(calls) {
    $("calls-empty").hidden = calls.length > 0;
    const focused = document.activeElement.dataset.sid;
    $("calls").replaceChildren(...calls.map(callRow));
    const again = focused && $("calls").querySelector(`[data-sid="${CSS.escape(focused)}"]`);
    if (again) again.focus();
  }

  function callRow(call) {
    const row = element("button", "call");
    row.type = "button";
    row.dataset.sid = call.sid;
    row.setAttribute("aria-pressed", String(call.sid === chosen));
    if (!call.is_over) row.dataset.live = "";
    if (call.errors || BAD.includes(call.status)) row.dataset.bad = "";
    const began = new Date(call.began_at);
    const time = element("span", "", `${call.status}${call.errors ? `, ${call.errors} errors` : ""} · ${began.toLocaleTimeString()}`);
    time.title = began.toLocaleString();
    row.append(element("i"), element("b", "", call.from), element("span", "age", clock(call.age_s)), time);
    row.addEventListener("click", () => choose(call.sid));
    const item = element("li");
    item.append(row);
    return item;
  }

  function choose(sid) {
    chosen = sid;
    history.replaceState(null, "", `#${chosen}`);
    drawn = "";
    $("replay-word").textContent = "";
    refresh();
  }

  function clock(seconds) {
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  // One call

  const WORDS = {
    call: "Call", webhook: "Request", twiml: "Document", verb: "Verb", status: "State", heard: "Line", said: "Caller",
    keys: "Keys", sms: "Text", stream: "Stream", recording: "Recording", queue: "Queue", transferred: "Bridge",
    released: "Bridge", error: "Error", end: "End",
  };
  const COMMON = ["event", "at_s", "call_sid"];

  const TELLS = {
    call: (event) => [`${event.from_} to ${event.to || "the application"}`, event.direction],
    verb: (event) => [`<${event.verb}>`, `line ${event.line}`],
    heard: (event) => [event.text + (event.cut ? " — interrupted" : ""), event.answer_s !== undefined && `answered in ${event.answer_s} s`],
    said: (event) => [event.text],
    keys: (event) => [event.digits],
    status: (event) => [event.status],
    error: (event) => [`${event.code}: ${event.message}`],
    end: (event) => [`${event.status}, ended by the ${event.by} after ${event.duration_s} s`],
  };

  function drawCall(call) {
    const version = JSON.stringify(call.events);
    if (version === drawn) return;
    drawn = version;
    const atEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 40;
    $("events-empty").hidden = true;
    $("facts").hidden = false;
    $("facts").replaceChildren(
      element("code", "", call.sid), document.createTextNode(` · ${call.from} to ${call.to} · ${call.direction} · ${call.status}`),
    );
    drawDocument(call);
    drawRecordings(call.recordings);
    const open = new Set([...$("events").querySelectorAll("details[open]")].map((one) => one.dataset.key));
    $("events").replaceChildren(...call.events.map((event, index) => eventRow(event, index, open)));
    if (atEnd && !call.is_over) scrollTo(0, document.documentElement.scrollHeight);
  }

  // What runs now

  // The document that was fetched last, with the verb that runs (or ran last) marked.
  function drawDocument(call) {
    const last = call.events.findLastIndex((event) => event.event === "twiml");
    $("now").hidden = false;
    $("document").hidden = last < 0;
    $("replay").hidden = !call.is_over || call.direction !== "inbound";
    if (last < 0) return;
    const verb = call.events.slice(last).findLast((event) => event.event === "verb");
    const running = verb ? `${call.is_over ? "ended in" : "runs"} <${verb.verb}>, line ${verb.line}` : "";
    $("document-title").replaceChildren(
      element("b", "", call.events[last].url || "a document given by REST"), element("small", "", running),
    );
    const lines = call.events[last].document.split("\n");
    $("code").replaceChildren(...lines.map((text, at) => codeLine(text, verb, at + 1)));
  }

  function codeLine(text, verb, number) {
    const line = element("li");
    if (!verb || verb.line !== number) {
      line.textContent = text;
      return line;
    }
    const begin = verb.column - 1;
    const close = text.indexOf(">", begin);
    const end = close < 0 ? text.length : close + 1;
    line.append(text.slice(0, begin), element("mark", "", text.slice(begin, end)), text.slice(end));
    line.setAttribute("aria-current", "step");
    return line;
  }

  function drawRecordings(recordings) {
    $("recordings").replaceChildren(...recordings.map((one) => {
      const item = element("li");
      const length = one.duration_s === undefined || one.duration_s === null ? "" : `, ${one.duration_s} s`;
      item.append(element("span", "", `Recording ${one.status}${length}`));
      if (one.status === "completed") {
        const player = element("audio");
        player.controls = true;
        player.preload = "none";
        player.src = `/calls/recordings/${one.sid}.wav`;
        item.append(player);
      }
      return item;
    }));
  }

  function drawLevels(levels) {
    $("level-said").value = levels.said;
    $("level-heard").value = levels.heard;
  }

  async function callAgain() {
    const answer = await fetch(`/simulator/calls/${chosen}/replay`, { method: "POST" });
    const body = await answer.json();
    $("replay-word").textContent = answer.ok ? "" : body.error;
    if (!answer.ok) return;
    choose(body.call_sid);
  }

  // A request as a command for a shell, to its public address and without its signature.
  function asCurl(event) {
    const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;
    const form = Object.entries(event.form).map(([name, value]) => `--data-urlencode ${quoted(`${name}=${value}`)}`);
    const verb = event.method === "GET" ? "-G" : "-X POST";
    return ["curl", "-i", verb, quoted(event.url), ...form].join(" ");
  }

  function copyButton(event) {
    const button = element("button", "small", "Copy as curl");
    button.type = "button";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(asCurl(event));
      button.textContent = "Copied";
    });
    return button;
  }

  function eventRow(event, index, open) {
    const row = element("li", `on-${event.event}`);
    const what = element("div", "what");
    if (event.event === "webhook") {
      row.classList.toggle("failed", Boolean(event.error));
      what.append(webhook(event, index, open));
    } else if (event.event === "twiml") {
      what.append(folded(index, open, event.url || "given by REST", "", [event.document]));
    } else {
      const [text, note] = (TELLS[event.event] || facts)(event);
      what.append(text);
      if (note) what.append(element("small", "", note));
    }
    row.append(element("time", "", `${event.at_s.toFixed(2)} s`), element("span", "kind", WORDS[event.event] || event.event), what);
    return row;
  }

  function facts(event) {
    const rest = Object.entries(event).filter(([name, value]) => !COMMON.includes(name) && value !== "" && value !== null);
    return [rest.map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ")];
  }

  function webhook(event, index, open) {
    const status = event.error || (event.status === undefined ? "waiting" : event.status);
    const took = event.took_s === undefined ? "" : ` in ${Math.round(event.took_s * 1000)} ms`;
    const form = Object.entries(event.form).filter(([, value]) => value !== "");
    const blocks = [form.map(([name, value]) => `${name}=${value}`).join("\n"), event.answer];
    const box = folded(index, open, `${event.method} ${event.url}`, `${status}${took} · ${event.purpose}`, blocks);
    box.children[0].after(copyButton(event));
    return box;
  }

  function folded(index, open, title, note, blocks) {
    const box = element("details");
    box.dataset.key = String(index);
    box.open = open.has(String(index));
    const summary = element("summary", "", title);
    summary.append(element("small", "", note));
    box.append(summary, ...blocks.filter(Boolean).map((block) => element("pre", "", block)));
    return box;
  }

  // Asking

  async function ask(path) {
    const answer = await fetch(path);
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  async function refresh() {
    try {
      const { calls } = await ask("/calls.json");
      drawCalls(calls);
      if (!chosen && calls.length) chosen = calls[0].sid;
      const known = calls.some((call) => call.sid === chosen);
      if (known) await refreshCall();
      link("up", "Live");
    } catch {
      link("down", "Network away");
    }
  }

  async function refreshCall() {
    const call = await ask(`/calls/${encodeURIComponent(chosen)}.json`);
    isLive = !call.is_over;
    drawLevels(call.levels);
    drawCall(call);
  }

  function link(state, word) {
    $("link").dataset.state = state;
    $("link-word").textContent = word;
  }

  refresh();
  $("replay").addEventListener("click", callAgain);
  setInterval(() => { if (!document.hidden) refresh(); }, 1000);
  setInterval(() => { if (isLive && !document.hidden) refreshCall().catch(() => link("down", "Network away")); }, 250);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
})();
