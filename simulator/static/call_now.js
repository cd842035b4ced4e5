// CallNow: what a call is in this moment. Its legs, its document with the verb that runs, its
// recordings, and what one can do to it.
(() => {
  "use strict";
  const { element, button, ask, clock } = Page;
  const $ = (id) => document.getElementById(id);

  class CallNow {
    // choose: show another call.
    constructor(choose) {
      this.choose = choose;
      this.call = null;
      this.drawn = "";
      this.meters = new Map();
      const acts = { replay: () => this.again(), hangup: () => this.act("hangup"), cut: () => this.act("cut-stream") };
      for (const [id, act] of Object.entries(acts)) $(id).addEventListener("click", act);
      $("repeat").addEventListener("click", () => this.act("repeat-webhook", { n: this.requests - 1 }));
    }

    get requests() { return this.call.events.filter((event) => event.event === "webhook").length; }

    draw(call) {
      if (!this.call || this.call.sid !== call.sid) this.say("");
      this.call = call;
      this.drawLevels(call.legs);
      const version = JSON.stringify([call.sid, call.events.length, call.is_over, call.sockets, call.legs.map((leg) => [leg.sid, leg.status])]);
      if (version === this.drawn) return;
      this.drawn = version;
      $("now").hidden = false;
      $("facts").replaceChildren(element("code", "", call.sid), ` · ${call.direction} · ${call.status}`);
      $("replay").hidden = !call.is_over || call.direction !== "inbound";
      $("hangup").hidden = call.is_over;
      $("cut").hidden = call.is_over || !call.sockets;
      $("repeat").hidden = !this.requests;
      this.drawLegs(call.legs);
      this.drawDocument(call);
      this.drawRecordings(call.recordings);
    }

    drawLegs(legs) {
      this.meters.clear();
      $("legs").replaceChildren(...legs.map((leg) => this.legRow(leg)));
      this.drawLevels(legs);
    }

    legRow(leg) {
      const isThis = leg.sid === this.call.sid;
      const name = `${leg.direction === "inbound" ? leg.from : leg.to}`;
      const who = isThis ? element("b", "", name) : button("leg", name, () => this.choose(leg.sid));
      const role = leg.direction === "inbound" ? (leg.to === "application" ? "calls the application" : `calls ${leg.to}`) : `called by ${leg.from}`;
      const said = meter(`How loud ${name} is`);
      const heard = meter(`How loud the line is for ${name}`);
      const time = element("td", "time", clock(leg.age_s));
      this.meters.set(leg.sid, { said, heard, time });
      const state = element("span", "state", leg.status);
      state.dataset.status = leg.status;
      const row = element(
        "tr", "", element("td", "who", who, element("small", "", role)), element("td", "", state),
        element("td", "", element("small", "", "says "), said), element("td", "", element("small", "", "hears "), heard), time,
      );
      if (isThis) row.setAttribute("aria-current", "true");
      return row;
    }

    drawLevels(legs) {
      for (const leg of legs) {
        const here = this.meters.get(leg.sid);
        if (!here) continue;
        here.said.value = Math.sqrt(leg.levels.said);  // quiet speech is seen, too
        here.heard.value = Math.sqrt(leg.levels.heard);
        here.time.textContent = clock(leg.age_s);
      }
    }

    // The document that was fetched last, with the verb that runs (or ran last) marked.
    drawDocument(call) {
      const last = call.events.findLastIndex((event) => event.event === "twiml");
      $("document").hidden = last < 0;
      if (last < 0) return;
      const verb = call.events.slice(last).findLast((event) => event.event === "verb");
      const running = verb ? `${call.is_over ? "ended in" : "runs"} <${verb.verb}>, line ${verb.line}` : "";
      $("document-title").replaceChildren(
        element("b", "", call.events[last].url || "a document given by REST"), element("small", "", running),
      );
      const lines = call.events[last].document.split("\n");
      $("code").replaceChildren(...lines.map((text, at) => codeLine(text, verb, at + 1)));
      const mark = $("code").querySelector("[aria-current]");
      if (mark) $("code").scrollTop = mark.offsetTop - $("code").offsetTop - 40;
    }

    drawRecordings(recordings) {
      const version = JSON.stringify(recordings);
      if (version === this.recorded) return;
      this.recorded = version;
      $("recordings").replaceChildren(...recordings.map((one) => {
        const length = one.duration_s === undefined || one.duration_s === null ? "" : `, ${one.duration_s} s`;
        const item = element("li", "", element("span", "", `Recording ${one.status}${length}`));
        if (one.status === "completed") {
          const source = `/calls/recordings/${one.sid}.wav`;
          const player = Object.assign(element("audio"), { controls: true, preload: "none", src: source });
          item.append(player, Object.assign(element("a", "", "Save"), { href: source, download: `${one.sid}.wav` }));
        }
        return item;
      }));
    }

    // What one can do

    async act(what, body) {
      try {
        await ask(`/simulator/calls/${this.call.sid}/${what}`, "POST", body);
        this.say(what === "repeat-webhook" ? "Sent once more, byte for byte." : "");
      } catch (error) {
        this.say(error.message);
      }
    }

    async again() {
      try {
        const { call_sid: sid } = await ask(`/simulator/calls/${this.call.sid}/replay`, "POST");
        this.choose(sid);
      } catch (error) {
        this.say(error.message);
      }
    }

    say(words) {
      $("act-word").textContent = words;
      $("act-word").hidden = !words;
    }
  }

  function meter(label) {
    const made = Object.assign(element("meter"), { min: 0, max: 1 });
    made.setAttribute("aria-label", label);
    return made;
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

  globalThis.CallNow = CallNow;
})();
