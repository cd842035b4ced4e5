// CallLog: everything that happened on a call, as rows that are added while it runs.
(() => {
  "use strict";
  const { element, button, copy } = Page;

  const WORDS = {
    call: "Call", webhook: "Request", twiml: "Document", verb: "Verb", status: "State", heard: "Line", said: "Caller",
    keys: "Keys", sms: "Text", stream: "Stream", recording: "Recording", queue: "Queue", transferred: "Bridge",
    released: "Bridge", transcription: "Transcription", error: "Error", end: "Script", ended: "End", fault: "Fault", repeat: "Repeat", dial: "Dial",
    conference: "Room", feedback: "Feedback", detection: "Answered by",
  };
  const SOCKET = { opening: "shaking hands", started: "open", stopped: "closed" };
  const ROOM = {
    "conference-start": "the conference begins", "conference-end": "the conference is over", "participant-join": "joins",
    "participant-leave": "leaves", "participant-mute": "muted", "participant-unmute": "no longer muted",
    "participant-hold": "on hold", "participant-unhold": "no longer on hold", "participant-modify": "changed",
    "participant-speech-start": "begins to speak", "participant-speech-stop": "stops speaking",
  };
  const COMMON = ["event", "at_s", "call_sid"];
  const VERDICTS = {
    genuine: "signed rightly", forged: "signed with another key, by a fault", refused: "signed rightly, and refused by the application",
  };

  const TELLS = {
    call: (event) => [`${event.from_} to ${event.to || "the application"}`, event.direction],
    verb: (event) => [`<${event.verb}>`, `line ${event.line}`],
    heard: (event) => [event.text + (event.cut ? " — interrupted" : ""), event.answer_s !== undefined && `answered in ${event.answer_s} s`],
    said: (event) => [event.text],
    keys: (event) => [event.digits],
    status: (event) => [event.status],
    ended: (event) => [event.status, `by the ${event.by}, after ${event.duration_s} s`],
    end: (event) => [event.held ? "held" : `failed: ${event.failure}`],
    transferred: () => ["connected with another person"],
    released: () => ["no longer connected"],
    stream: (event) => [`${socket(event)}: ${SOCKET[event.state] || event.state}`, notes(event.by && `by ${event.by}`, event.url, event.stream_sid)],
    recording: (event) => [
      `recording ${event.status}`,
      notes(event.duration_s !== undefined && `${event.duration_s} s`, event.source, event.recording_sid),
    ],
    transcription: (event) => [event.state || "the text of a recording", notes(event.recording_sid, event.transcription_sid)],
    queue: (event) => (event.state === "joined"
      ? [`waits in the queue ${event.queue}`, `at place ${event.position}`]
      : [`leaves the queue ${event.queue}`, event.result]),
    dial: (event) => [`calls ${event.to}`, event.child_sid],
    conference: (event) => [ROOM[event.state] || event.state, event.conference_sid],
    detection: (event) => [event.answered_by, `after ${event.took_ms} ms`],
    fault: (event) => [
      `${event.fault.replaceAll("_", " ")}: ${event.purpose}`, notes(event.at, event.url, event.stream_sid, event.recording_sid),
    ],
    repeat: (event) => [
      event.same ? "the same request once more, answered alike" : "the same request once more, answered otherwise",
      notes(event.status, event.purpose, event.url),
    ],
  };

  // A session of ConversationRelay, or sound both ways.
  function socket(event) {
    return (event.stream_sid || "").startsWith("VX") ? "session" : "media socket";
  }

  function kind(event) {
    return event.level === "warning" ? "Warning" : WORDS[event.event] || event.event;
  }

  function notes(...found) {
    return found.filter((one) => one || one === 0).join(" · ");
  }

  // Which events each filter shows; the first shows all.
  const FILTERS = [
    ["all", "Everything", () => true],
    ["requests", "Requests", (event) => event.event === "webhook"],
    ["words", "Talk", (event) => ["heard", "said", "keys", "sms"].includes(event.event)],
    ["errors", "Errors and faults", (event) => ["error", "fault"].includes(event.event)],
  ];

  class CallLog {
    constructor(list, filters) {
      this.list = list;
      this.filters = filters;
      this.filter = "all";
      this.clear();
    }

    clear() {
      this.sid = "";
      this.shown = 0;
      this.counts = {};
      this.list.replaceChildren();
    }

    // Adds what is new; another call begins anew.
    draw(call) {
      if (call.sid !== this.sid) this.clear();
      const isNew = !this.sid;
      this.sid = call.sid;
      const { scrollTop, clientHeight, scrollHeight } = this.list;
      const isAtEnd = scrollTop + clientHeight >= scrollHeight - 40;
      this.list.append(...call.events.slice(this.shown).map((event) => this.row(event)));
      this.shown = call.events.length;
      this.drawFilters();
      if ((isNew && !call.is_over) || (!isNew && isAtEnd)) this.list.scrollTop = this.list.scrollHeight;
    }

    drawFilters() {
      const shown = JSON.stringify([this.counts, this.filter]);
      if (shown === this.drawn) return;
      this.drawn = shown;
      this.filters.hidden = false;
      const focused = this.filters.contains(document.activeElement);
      this.filters.replaceChildren(...FILTERS.map(([name, words]) => {
        const chip = button("filter", `${words} `, () => { this.filter = name; this.drawFilters(); });
        chip.append(element("small", "", String(this.counts[name] || 0)));
        chip.setAttribute("aria-pressed", String(name === this.filter));
        return chip;
      }));
      this.list.dataset.filter = this.filter;
      if (focused) this.filters.querySelector("[aria-pressed=true]").focus();
    }

    row(event) {
      const kinds = FILTERS.filter(([, , isWanted]) => isWanted(event)).map(([name]) => name);
      kinds.forEach((name) => { this.counts[name] = (this.counts[name] || 0) + 1; });
      const what = element("div", "what", ...this.tell(event));
      const row = element(
        "li", `on-${event.event}`,
        element("time", "", `${event.at_s.toFixed(2)} s`), element("span", "kind", kind(event)), what,
      );
      row.dataset.kinds = kinds.join(" ");
      if (event.event === "webhook" && event.error) row.classList.add("failed");
      if (event.level === "warning") row.classList.add("warning");
      return row;
    }

    tell(event) {
      if (event.event === "webhook") return [webhook(event)];
      if (event.event === "twiml") return [folded(event.url || "given by REST", "", [["", event.document]])];
      if (event.event === "error") return error(event);
      const [text, note] = (TELLS[event.event] || facts)(event);
      return [text, note ? element("small", "", note) : ""];
    }
  }

  function facts(event) {
    const rest = Object.entries(event).filter(([name, value]) => !COMMON.includes(name) && value !== "" && value !== null);
    return [rest.map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ")];
  }

  function error(event) {
    if (!event.code) return [event.message];
    const code = element("a", "error-code", String(event.code));
    code.href = `/debugger?search=${event.code}`;
    const head = element("p", "", code, ` ${event.name ? `${event.name}: ` : ""}${event.message}`);
    return [head, event.advice ? element("p", "advice", element("b", "", "What to do: "), event.advice) : ""];
  }

  function webhook(event) {
    const status = event.error || (event.status === undefined ? "waiting" : event.status);
    const took = event.took_s === undefined ? "" : ` in ${Math.round(event.took_s * 1000)} ms`;
    const form = Object.entries(event.form).map(([name, value]) => `${name}=${value}`).join("\n");
    const headers = Object.entries(event.headers || {}).map(([name, value]) => `${name}: ${value}`).join("\n");
    const box = folded(`${event.method} ${event.url}`, `${status}${took} · ${event.purpose}`, [
      ["What was sent", form], ["Its headers", headers], ["What was answered", event.answer],
    ]);
    const bar = element("div", "bar");
    if (event.signature) {
      const verdict = element("span", "verdict", VERDICTS[event.signature]);
      verdict.dataset.verdict = event.signature;
      verdict.title = `${event.signed.value}\nover ${event.signed.url}`;
      bar.append(verdict);
    }
    if (event.curl) {
      const press = button("small", "Copy as curl", () => copy(event.curl, press));
      bar.append(press);
    }
    box.children[0].after(bar);
    return box;
  }

  // blocks: [title, text]; empty texts are left out.
  function folded(title, note, blocks) {
    const summary = element("summary", "", title, element("small", "", note));
    const shown = blocks.filter(([, text]) => text);
    return element("details", "", summary, ...shown.flatMap(([name, text]) => [
      name ? element("p", "block", name) : "", element("pre", "", text),
    ]));
  }

  globalThis.CallLog = CallLog;
})();
