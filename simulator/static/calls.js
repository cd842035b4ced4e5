// The page of live and recent calls: asks for news while it is looked at.
(() => {
  "use strict";
  const { element, ask, link, follow, clock } = Page;
  const $ = (id) => document.getElementById(id);
  const BAD = ["failed", "busy", "no-answer", "canceled"];
  const log = new CallLog($("events"), $("filters"));
  const now = new CallNow(choose);
  let chosen = decodeURIComponent(location.hash.slice(1));
  let isLive = false;
  let events = [];
  let eventsOf = "";
  let drawn = "";

  // The list: whoever was dialled stands below the call that dialled them.

  function inFamilies(calls) {
    const known = new Set(calls.map((call) => call.sid));
    const children = (sid) => calls.filter((call) => call.parent_sid === sid).reverse();
    return calls.filter((call) => !known.has(call.parent_sid)).flatMap((call) => [call, ...children(call.sid)]);
  }

  function drawCalls(calls) {
    const version = JSON.stringify([calls, chosen]);
    if (version === drawn) return;
    drawn = version;
    $("calls-empty").hidden = calls.length > 0;
    const focused = document.activeElement.dataset.sid;
    $("calls").replaceChildren(...inFamilies(calls).map(callRow));
    const again = focused && $("calls").querySelector(`[data-sid="${CSS.escape(focused)}"]`);
    if (again) again.focus();
  }

  function callRow(call) {
    const row = Page.button("call", "", () => choose(call.sid));
    row.dataset.sid = call.sid;
    row.setAttribute("aria-pressed", String(call.sid === chosen));
    if (!call.is_over) row.dataset.live = "";
    if (call.errors || BAD.includes(call.status)) row.dataset.bad = "";
    if (call.parent_sid) row.dataset.child = "";
    const began = new Date(call.began_at);
    const errors = counted(call.errors, "error") + counted(call.warnings, "warning");
    const time = element("span", "", `${call.status}${errors} · ${began.toLocaleTimeString()}`);
    time.title = began.toLocaleString();
    const name = call.direction === "inbound" ? call.from : `to ${call.to}`;
    row.append(element("i"), element("b", "", name), element("span", "age", clock(call.age_s)), time);
    return element("li", "", row);
  }

  function counted(count, word) {
    return count ? `, ${count} ${word}${count > 1 ? "s" : ""}` : "";
  }

  function choose(sid) {
    chosen = sid;
    history.replaceState(null, "", `#${chosen}`);
    refresh();
  }

  // Asking

  async function look() {
    const { calls } = await ask("/calls.json");
    if (!chosen && calls.length) chosen = calls.find((call) => !call.parent_sid)?.sid || calls[0].sid;
    drawCalls(calls);
    await lookAtCall();
  }

  // Only what is new is asked for; `events` are those of the chosen call that are known.
  async function lookAtCall() {
    if (!chosen) return;
    const answer = await fetch(`/calls/${encodeURIComponent(chosen)}.json?since=${eventsOf === chosen ? events.length : 0}`);
    if (answer.status === 404) {
      forgotten();
      return;
    }
    const call = await answer.json();
    const isNext = eventsOf === call.sid ? call.since === events.length : call.since === 0;
    if (call.sid !== chosen || !isNext) return;
    events = eventsOf === call.sid ? [...events, ...call.events] : call.events;
    eventsOf = call.sid;
    call.events = events;
    isLive = !call.is_over;
    $("events-empty").hidden = true;
    now.draw(call);
    log.draw(call);
  }

  function forgotten() {
    isLive = false;
    $("events-empty").textContent = "The network does not know this call any more; it forgets calls when it starts anew.";
    $("events-empty").hidden = $("events").childElementCount > 0;
  }

  addEventListener("hashchange", () => choose(decodeURIComponent(location.hash.slice(1))));
  const refresh = follow(look, 1000);
  setInterval(() => { if (isLive && !document.hidden) lookAtCall().catch(() => link("down", "Network away")); }, 250);
})();
