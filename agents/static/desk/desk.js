// The agent's desk. The server's state is the truth: every answer brings it whole, and `show`
// makes the page say the same. The page itself knows only the phone.

import { createPhone } from "../phone.js";
import { Draft } from "./draft.js";
import { Ring } from "./ring.js";
import { Talk } from "./talk.js";

const BEAT_MS = 5000;
const THROTTLE_MS = 1000;
const RECONNECT_GRACE_MS = 4000;
const PRESENCE = { away: "Away", ready: "Ready", offered: "Ringing", talking: "In a talk", wrapping_up: "Notes" };
const REASONS = {
  asked: "asked for a person", not_understood: "was not understood", emergency: "danger words",
  trouble: "something went wrong",
};
const AWAY_BECAUSE = {
  missed: "You missed two callers in a row, so you were set to away. Go ready when you are back.",
  silent: "This page gave no sign of life for a while, so you were set to away.",
  cut_off: "",
};

const facts = JSON.parse(document.getElementById("desk-facts").textContent);
const $ = (id) => document.getElementById(id);
const nonce = document.querySelector("script[nonce]")?.nonce || "";

let state = null;
let aheadMs = 0; // of the server's clock
let connecting = 0; // when the phone was last asked to connect
let lastHangUp = 0;
let acts = 0; // answers to what the agent did

const ring = new Ring();
const phone = createPhone({
  kind: facts.phone.kind,
  script: facts.phone.script,
  nonce,
  token: async () => (await ask("GET", "/agents/token")).token,
});
const talk = new Talk($("said"), $("jump"), async (handover, after) =>
  (await ask("GET", `/agents/talks/${handover}/said?after=${after}`)).said);
const draft = new Draft($("draft"), facts.catalogue, ask);

// --- the server

async function ask(method, path, body, { keepalive = false } = {}) {
  const headers = { Accept: "application/json", "X-CSRF-Token": facts.csrf };
  if (state?.presence.state === "away") headers["X-Live"] = "1"; // an absent agent's page is no activity
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method, headers, keepalive, body: body && JSON.stringify(body) });
  if (answer.status === 401) location.reload();
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const error = new Error(content.error?.message || `The server answered ${answer.status}.`);
    error.status = answer.status;
    throw error;
  }
  return content;
}

// Does something and shows the state that came of it; what went wrong is said on the page.
async function act(path, body) {
  try {
    const next = await ask("POST", path, body || {});
    acts++;
    show(next);
    return true;
  } catch (error) {
    trouble(error.status ? sentence(error.message) : "The server cannot be reached. Trying again.");
    refresh();
    return false;
  }
}

// Shows the state as it is. What was asked for before the agent did something may be older than
// the answer to that, and hang up on a caller who was just taken: then the state is asked for anew.
async function look(method, path, body) {
  const before = acts;
  const next = await ask(method, path, body);
  if (before === acts) show(next);
  else refresh();
}

async function refresh() {
  try {
    await look("GET", "/agents/state");
  } catch { /* the next beat says so */ }
}

async function beat() {
  try {
    await look("POST", "/agents/here", {});
    $("offline").hidden = true;
  } catch (error) {
    $("offline").hidden = Boolean(error.status && error.status < 500);
  }
}

// --- the page

function show(next) {
  aheadMs = Date.parse(next.at) - Date.now();
  const before = state;
  state = next;
  document.body.dataset.presence = next.presence.state;
  showPresence(next);
  showOffer(next.offer, before?.offer);
  showTalk(next);
  showWaiting(next);
  followPhone(next, before);
  tick();
}

function showPresence({ presence, talk: current }) {
  $("presence-word").textContent = PRESENCE[presence.state];
  const away = presence.state === "away" || (presence.state === "talking" && presence.after === "away");
  $("go-ready").setAttribute("aria-checked", String(!away));
  $("go-away").setAttribute("aria-checked", String(away));
  $("presence-after").hidden = presence.state !== "talking" || presence.after !== "away";
  const why = presence.state === "away" ? AWAY_BECAUSE[presence.away_because] : "";
  $("why-away").textContent = why || "";
  $("why-away").hidden = !why;
  $("cut-off").hidden = !(current && isCutOff(current));
}

function showOffer(offer, before) {
  $("offer").hidden = !offer;
  if (!offer) return ring.stop();
  if (before?.id === offer.id) return;
  $("offer-queue").textContent = offer.queue;
  $("offer-reason").textContent = `Caller ${REASONS[offer.reason] || offer.reason}`;
  $("offer-urgent").hidden = offer.priority <= 0;
  $("offer-language").textContent = offer.language;
  const { category, problem_text: words, place, place_text: placeText } = offer.understood;
  $("offer-category").textContent = nameOf(category) || "Not understood yet";
  $("offer-words").textContent = words ? `“${words}”` : "";
  $("offer-place").textContent = place?.address || placeText || "";
  $("accept").disabled = false;
  ring.start(`${nameOf(category) || "A caller"}${offer.priority > 0 ? " (urgent)" : ""}`);
  $("accept").focus();
}

function showTalk({ presence, talk: current }) {
  const shown = current && !isCutOff(current) ? current : null;
  $("workplace").hidden = !shown;
  $("lounge").hidden = Boolean(shown);
  if (!shown) $("lounge-words").textContent = loungeWords(presence.state);
  $("notes-bar").hidden = presence.state !== "wrapping_up";
  $("notes-more").hidden = presence.extended;
  $("call-bar").hidden = presence.state !== "talking";
  if (shown) {
    $("caller").textContent = readable(shown.caller_number) || "Number withheld";
    $("why").textContent = `${shown.queue} · ${REASONS[shown.reason] || shown.reason}`;
    $("ended-by").textContent = { caller: "The caller hung up.", agent: "You hung up." }[shown.ended_by] || "";
  }
  talk.show(shown ? shown.handover : null);
  draft.show(shown);
}

function showWaiting({ waiting, ready_agents: ready }) {
  $("waiting-count").textContent = waiting.length;
  $("waiting-none").hidden = waiting.length > 0;
  $("ready-count").textContent = ready === 1 ? "1 agent ready" : `${ready} agents ready`;
  $("waiting").replaceChildren(...waiting.map((one) => {
    const item = document.createElement("li");
    item.classList.toggle("is-front", one.front);
    const what = document.createElement("span");
    what.textContent = `${one.queue} · ${one.state === "offered" ? "ringing" : REASONS[one.reason] || one.reason}`;
    const time = document.createElement("span");
    time.className = "clock";
    time.dataset.since = one.since;
    item.append(what, time);
    return item;
  }));
}

function tick() {
  if (!state) return;
  const now = Date.now() + aheadMs;
  const { presence, offer, talk: current } = state;
  $("presence-timer").textContent = span(now - Date.parse(presence.since));
  for (const clock of document.querySelectorAll("[data-since]")) clock.textContent = span(now - Date.parse(clock.dataset.since));
  if (current?.accepted_at) $("talk-timer").textContent = span((Date.parse(current.ended_at) || now) - Date.parse(current.accepted_at));
  if (offer) {
    const left = Math.max(0, Date.parse(offer.expires_at) - now);
    $("offer-left").textContent = Math.ceil(left / 1000);
    $("offer-ring").style.setProperty("--left", Math.min(1, left / (facts.offer_s * 1000)));
    $("offer-waited").textContent = span(now - Date.parse(offer.waiting_since));
  }
  if (presence.state === "wrapping_up") {
    const all = facts.wrap_up_s * 1000 * (presence.extended ? 2 : 1);
    const left = Math.max(0, Date.parse(presence.since) + all - now);
    $("notes-next").textContent = presence.after === "away" ? "Away in" : "Next caller in";
    $("notes-left").textContent = span(left);
    $("notes-progress").style.setProperty("--left", all ? left / all : 0);
  }
}

// --- the phone

// The phone follows the state: no talk, no sound; a talk without sound offers to connect again.
function followPhone(next, before) {
  if (next.presence.state !== "talking" && phone.isBusy) phone.disconnect();
  if (next.presence.state !== "talking") quiet();
  if (before?.talk?.state === "talking" && next.talk?.ended_by === "caller") trouble("");
  showSound();
}

function showSound() {
  const talking = state?.presence.state === "talking";
  const linked = phone.isOpen;
  const trying = !linked && (phone.isBusy || Date.now() - connecting < RECONNECT_GRACE_MS);
  $("sound").dataset.sound = linked ? "on" : trying ? "trying" : "off";
  $("sound-word").textContent = linked ? "Connected" : trying ? "Connecting …" : "Not connected";
  $("not-connected").hidden = !talking || linked || trying;
  $("mute").disabled = !linked;
}

async function connect(offer) {
  connecting = Date.now();
  showSound();
  try {
    await phone.connect({ offer: String(offer) });
  } catch (error) {
    trouble(`The phone did not connect: ${error.message}`);
  }
  showSound();
}

async function accept() {
  if (!state?.offer || $("accept").disabled) return;
  $("accept").disabled = true;
  ring.wake();
  const { id } = state.offer;
  if (await act(`/agents/offers/${id}/accept`)) await connect(id);
}

async function decline() {
  if (state?.offer) await act(`/agents/offers/${state.offer.id}/decline`);
}

// Takes back the caller after a reload, a crash or a lost network.
async function reconnect() {
  if (!state?.talk) return;
  if (await act(`/agents/talks/${state.talk.handover}/reconnect`)) await connect(state.talk.offer);
}

// The server first: a talk that ends without its word is taken for a lost agent.
async function hangUp() {
  if (state?.presence.state !== "talking" || Date.now() - lastHangUp < THROTTLE_MS) return;
  lastHangUp = Date.now();
  await draft.save();
  if (await act(`/agents/talks/${state.talk.handover}/end`)) phone.disconnect();
}

function mute() {
  if (phone.isOpen) phone.mute(!phone.isMuted);
}

function showMuted(muted) {
  $("mute").setAttribute("aria-pressed", String(muted));
  $("mute-word").textContent = muted ? "Muted: the caller cannot hear you" : "Mute";
  $("call-bar").classList.toggle("is-muted", muted);
}

function quiet() {
  showMuted(false);
  level("level-me", 0);
  level("level-caller", 0);
}

function level(id, loudness) { $(id).style.setProperty("--level", Math.min(1, Math.sqrt(loudness) * 1.3).toFixed(2)); }

// --- presence

async function goReady() {
  ring.wake();
  const microphone = await navigator.permissions?.query({ name: "microphone" }).catch(() => null);
  if (microphone?.state === "denied") {
    return trouble("This page may not use the microphone. Allow it in the browser's address bar, then go ready.");
  }
  trouble("");
  phone.prepare().catch((error) => trouble(`The phone is not ready: ${error.message}`));
  return act("/agents/presence", { wanted: "ready" });
}

const goAway = () => act("/agents/presence", { wanted: "away" });
const wantsAway = () => state.presence.state === "away" || (state.presence.state === "talking" && state.presence.after === "away");

async function checkHeadset() {
  const button = $("check-headset");
  button.disabled = true;
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const heard = await loudest(stream, 4000, (loudness) => level("level-check", loudness));
    stream.getTracks().forEach((track) => track.stop());
    $("check-result").textContent = heard > 0.02 ? "Your microphone works." : "Nothing was heard. Speak, or choose another microphone.";
  } catch {
    $("check-result").textContent = "The microphone could not be opened. Plug one in and allow it for this page.";
  } finally {
    level("level-check", 0);
    button.disabled = false;
  }
}

function loudest(stream, forMs, each) {
  const context = new AudioContext();
  const meter = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(meter);
  const samples = new Float32Array(meter.fftSize);
  const until = Date.now() + forMs;
  let most = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      meter.getFloatTimeDomainData(samples);
      const loud = Math.max(...samples.map(Math.abs));
      most = Math.max(most, loud);
      each(loud);
      if (Date.now() < until) return;
      clearInterval(timer);
      context.close();
      resolve(most);
    }, 50);
  });
}

// --- small things

function trouble(words) {
  $("trouble").textContent = words;
  $("trouble").hidden = !words;
}

function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  const rest = String(s % 60).padStart(2, "0");
  if (s < 3600) return `${Math.floor(s / 60)}:${rest}`;
  return `${Math.floor(s / 3600)}:${String(Math.floor(s / 60) % 60).padStart(2, "0")}:${rest}`;
}

function loungeWords(presence) {
  if (presence === "ready" || presence === "offered") return "You are ready. The next caller rings here.";
  return "You are away. Nobody rings here until you go ready.";
}

const readable = (number) => number.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "+1 $1 $2 $3");
const isCutOff = (current) => current.state === "waiting" || current.state === "offered";
const nameOf = (code) => facts.catalogue.find((one) => one.code === code)?.name || "";
const sentence = (words) => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`.replace("..", ".");

const KEYS = {
  KeyA: accept,
  KeyR: decline,
  KeyM: mute,
  Digit1: hangUp,
  KeyS: () => (wantsAway() ? goReady() : goAway()),
};

document.addEventListener("keydown", (event) => {
  if (!event.ctrlKey || !event.shiftKey || event.altKey || !(event.code in KEYS)) return;
  event.preventDefault();
  if (!event.repeat) KEYS[event.code]();
});
for (const [id, action] of Object.entries({
  accept, decline, mute, "hang-up": hangUp, "go-ready": goReady, "go-away": goAway,
  "take-back": reconnect, "not-connected": reconnect, "notes-done": async () => { await draft.save(); await act("/agents/notes/done"); },
  "notes-more": () => act("/agents/notes/more"), "check-headset": checkHeadset,
})) $(id).addEventListener("click", action);

phone
  .on("open", () => { trouble(""); showSound(); })
  .on("closed", () => { connecting = 0; quiet(); showSound(); refresh(); })
  .on("levels", (me, caller) => { level("level-me", me); level("level-caller", caller); })
  .on("muted", showMuted)
  .on("shaky", (shaky) => trouble(shaky ? "The sound broke off. Reconnecting." : ""))
  .on("trouble", trouble);

document.addEventListener("live:desk", ({ detail }) => { if (Number(detail.id) === facts.me) refresh(); });
document.addEventListener("live:handover", refresh);
document.addEventListener("live:again", refresh);
document.addEventListener("live:call", ({ detail }) => { if (Number(detail.id) === state?.talk?.call) talk.refresh(); });
addEventListener("beforeunload", (event) => { if (phone.isOpen) event.preventDefault(); });

show(facts.state);
for (const id of ["go-ready", "go-away"]) $(id).disabled = false; // the page can answer now
setInterval(tick, 250);
setInterval(beat, BEAT_MS);
setInterval(showSound, 1000);
setInterval(() => { if (state?.presence.state === "talking") talk.refresh(); }, BEAT_MS);
beat();
