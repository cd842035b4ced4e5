// The agent's desk. The server's state is the truth: every answer is the part of the page that
// shows it, and is swapped in when it differs. What lives here is what a server cannot do: the
// phone, the ring, clocks that run, and the order of answers.

import { ask, Refused } from "../../../ui/ask.js";
import { whenReleased } from "../../../ui/press.js";
import { createPhone } from "../phone.js";
import { Conversation } from "./conversation.js";
import { Draft } from "./draft.js";
import { loudest } from "./headset.js";
import { Ring } from "./ring.js";

const BEAT_MS = 5000;
const THROTTLE_MS = 1000;
const RECONNECT_GRACE_MS = 4000;

/** @type {{me: number, at: string, offer_s: number, phone: {kind: "simulator" | "twilio", script: string}}} */
const facts = JSON.parse(/** @type {HTMLElement} */ (document.getElementById("desk-facts")).textContent ?? "");
/** @param {string} id */
const find = (id) => document.getElementById(id);
/** @param {string} id */
const button = (id) => /** @type {HTMLButtonElement | null} */ (find(id));
const nonce = /** @type {HTMLScriptElement | null} */ (document.querySelector("script[nonce]"))?.nonce || "";

let swapped = ""; // the part that the page shows
let aheadMs = Date.parse(facts.at) - Date.now(); // of the server's clock
let connecting = 0; // when the phone was last asked to connect
let lastHangUp = 0;
let acts = 0; // answers to what the agent did
/** @type {Draft | null} */
let draft = null;
/** @type {Conversation | null} */
let conversation = null;
let atHand = ""; // handover and report of the conversation that the page shows
let ringing = "";

const ring = new Ring();
const phone = createPhone({
  kind: facts.phone.kind,
  script: facts.phone.script,
  nonce,
  token: async () => (await (await ask("GET", "/agents/token", { quiet: isAbsent() })).json()).token,
});

/** What the server says of this desk, from the part that is on the page. */
function state() {
  const { presence = "away", after = "", offer = "", offerWords = "", handover = "", call = "", accepted = "",
    shown = "", report = "", endedBy = "" } = /** @type {HTMLElement} */ (find("desk-state")).dataset;
  return { presence, after, offer, offerWords, handover, call, accepted, shown, report, endedBy };
}

const isAbsent = () => state().presence === "away"; // an absent agent's page is no activity

// --- the server

/** @param {string} method @param {string} path @param {unknown} [body] */
async function part(method, path, body) {
  const answer = await ask(method, path, { body, part: true, quiet: isAbsent() });
  return { html: await answer.text(), at: answer.headers.get("X-Desk-At") ?? "" };
}

/** @typedef {{html: string, at: string}} Part */

/** Does something and shows what came of it; what went wrong is said on the page.
 * @param {string} path @param {object} [body] */
async function act(path, body = {}) {
  try {
    const next = await part("POST", path, body);
    acts++;
    show(next);
    return true;
  } catch (error) {
    if (error instanceof Refused) trouble(sentence(error.message));
    else hide("offline", false);
    swapped = "";
    refresh();
    return false;
  }
}

/** Shows the desk as it is. What was asked for before the agent did something may be older than
 * the answer to that, and hang up on a caller who was just taken: then it is asked for anew.
 * @param {string} method @param {string} path @param {object} [body] */
async function look(method, path, body) {
  const before = acts;
  const next = await part(method, path, body);
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
    hide("offline", true);
  } catch (error) {
    hide("offline", error instanceof Refused && error.status < 500);
  }
}

// --- the page

/** What came while something was pressed. @type {Part | null} */
let unseen = null;

/** @param {Part} next */
function show(next) {
  unseen = next;
  whenReleased(showUnseen);
}

function showUnseen() {
  if (!unseen) return;
  const { html, at } = unseen;
  unseen = null;
  aheadMs = Date.parse(at) - Date.now();
  if (html === swapped) return;
  const before = state();
  swapped = html;
  window.htmx.swap("#desk-state", html, { swapStyle: "outerHTML", swapDelay: 0, settleDelay: 0 });
  settle(before);
}

/** Makes phone, ring and conversation follow the state. @param {ReturnType<typeof state>} [before] */
function settle(before) {
  const now = state();
  document.body.dataset.presence = now.presence;
  showOffer(now);
  showConversation(now);
  followPhone(now, before);
  tick();
}

/** @param {ReturnType<typeof state>} now */
function showOffer({ offer, offerWords }) {
  if (!offer) ring.stop();
  else if (offer !== ringing) {
    ring.start(offerWords || "A caller");
    find("accept")?.focus();
  }
  ringing = offer;
}

/** @param {ReturnType<typeof state>} now */
async function showConversation({ shown, report }) {
  const wanted = shown && `${shown}:${report}`;
  if (wanted === atHand) return;
  const isSame = atHand !== "" && atHand.split(":")[0] === shown;
  atHand = wanted;
  const workplace = /** @type {HTMLElement} */ (find("workplace"));
  if (!isSame) {
    draft?.leave();
    draft = conversation = null;
    workplace.replaceChildren();
  }
  workplace.hidden = !shown;
  if (!shown) return;
  try {
    const { html } = await part("GET", `/agents/conversations/${shown}`);
    if (wanted !== atHand) return;
    workplace.innerHTML = html;
    workOn(shown);
  } catch {
    atHand = ""; // the next beat tries again
    swapped = "";
  }
}

/** The conversation that is on the page now. @param {string} handover */
function workOn(handover) {
  const [form, said, jump] = ["draft", "said", "jump"].map((id) => /** @type {HTMLElement} */ (find(id)));
  draft = new Draft(/** @type {HTMLFormElement} */ (form), async () => {
    await refresh();
    find("filed")?.focus();
  });
  conversation = new Conversation(said, jump, async (after) =>
    (await part("GET", `/agents/conversations/${handover}/said?after=${after}`)).html);
}

function tick() {
  const now = Date.now() + aheadMs;
  for (const clock of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-since]"))) {
    clock.textContent = span(now - Date.parse(clock.dataset.since ?? ""));
  }
  const offer = find("offer-left");
  if (offer) {
    const left = Math.max(0, Date.parse(offer.dataset.until ?? "") - now);
    offer.textContent = String(Math.ceil(left / 1000));
    find("offer-ring")?.style.setProperty("--left", String(Math.min(1, left / (facts.offer_s * 1000))));
  }
  const wrapUp = find("wrap-up-left");
  if (wrapUp) {
    const all = Number(wrapUp.dataset.for) * 1000;
    const left = Math.max(0, Date.parse(wrapUp.dataset.from ?? "") + all - now);
    wrapUp.textContent = span(left);
    find("wrap-up-progress")?.style.setProperty("--left", String(all ? left / all : 0));
  }
}

// --- the phone

/** The phone follows the state: no conversation, no sound; one without sound offers to connect again.
 * @param {ReturnType<typeof state>} now @param {ReturnType<typeof state>} [before] */
function followPhone(now, before) {
  if (now.presence !== "in_conversation" && phone.isBusy) phone.disconnect();
  if (before?.presence === "in_conversation" && now.endedBy === "caller") trouble("");
  showMuted(phone.isMuted);
  showSound();
}

function showSound() {
  const sound = find("sound");
  if (!sound) return;
  const linked = phone.isOpen;
  const trying = !linked && (phone.isBusy || Date.now() - connecting < RECONNECT_GRACE_MS);
  sound.dataset.sound = linked ? "on" : trying ? "trying" : "off";
  const words = linked ? "Connected" : trying ? "Connecting …" : "Not connected";
  const word = find("sound-word");
  if (word && word.textContent !== words) word.textContent = words;
  hide("not-connected", linked || trying);
  const mute = button("mute");
  if (mute) mute.disabled = !linked;
}

/** @param {string} offer */
async function connect(offer) {
  connecting = Date.now();
  showSound();
  try {
    await phone.connect({ offer });
  } catch (error) {
    trouble(`The phone did not connect: ${/** @type {Error} */ (error).message}`);
  }
  showSound();
}

async function accept() {
  const pressed = button("accept");
  if (!pressed || pressed.disabled) return;
  pressed.disabled = true;
  ring.wake();
  const { offer } = state();
  if (await act(`/agents/offers/${offer}/accept`)) await connect(offer);
}

async function decline() {
  const { offer } = state();
  if (offer) await act(`/agents/offers/${offer}/decline`);
}

// Takes back the caller after a reload, a crash or a lost network.
async function reconnect() {
  const { handover } = state();
  if (handover && await act(`/agents/conversations/${handover}/reconnect`)) await connect(state().accepted);
}

// The server first: a conversation that ends without its word is taken for a lost agent.
async function hangUp() {
  const { presence, handover } = state();
  if (presence !== "in_conversation" || Date.now() - lastHangUp < THROTTLE_MS) return;
  lastHangUp = Date.now();
  await draft?.save();
  if (await act(`/agents/conversations/${handover}/end`)) phone.disconnect();
}

async function endWrapUp() {
  await draft?.save();
  await act("/agents/wrap-up/done");
}

function mute() {
  if (phone.isOpen) phone.mute(!phone.isMuted);
}

/** @param {boolean} muted */
function showMuted(muted) {
  const bar = find("call-bar");
  const word = find("mute-word");
  if (!bar || !word) return;
  find("mute")?.setAttribute("aria-pressed", String(muted));
  word.textContent = muted ? "Muted: the caller cannot hear you" : "Mute";
  bar.classList.toggle("is-muted", muted);
}

function quiet() {
  showMuted(false);
  level("level-me", 0);
  level("level-caller", 0);
}

/** @param {string} id @param {number} loudness */
function level(id, loudness) {
  find(id)?.style.setProperty("--level", Math.min(1, Math.sqrt(loudness) * 1.3).toFixed(2));
}

// --- presence

async function goReady() {
  ring.wake();
  const name = /** @type {PermissionName} */ ("microphone");
  const microphone = await navigator.permissions?.query({ name }).catch(() => null);
  if (microphone?.state === "denied") {
    return trouble("This page may not use the microphone. Allow it in the browser's address bar, then go ready.");
  }
  trouble("");
  phone.prepare().catch((/** @type {Error} */ error) => trouble(`The phone is not ready: ${error.message}`));
  await act("/agents/presence", { wanted: "ready" });
}

const goAway = () => act("/agents/presence", { wanted: "away" });

function switchPresence() {
  const { presence, after } = state();
  return presence === "away" || (presence === "in_conversation" && after === "away") ? goReady() : goAway();
}

async function checkHeadset() {
  const [pressed, result] = [button("check-headset"), find("check-result")];
  if (!pressed || !result) return;
  pressed.disabled = true;
  hide("check-meter", false);
  try {
    const heard = await loudest(4000, (loudness) => level("level-check", loudness));
    result.textContent = heard > 0.02 ? "Your microphone works." : "Nothing was heard. Speak, or choose another microphone.";
  } catch {
    result.textContent = "The microphone could not be opened. Plug one in and allow it for this page.";
  } finally {
    level("level-check", 0);
    hide("check-meter", true);
    pressed.disabled = false;
  }
}

// --- small things

/** @param {string} id @param {boolean} isHidden */
function hide(id, isHidden) {
  const element = find(id);
  if (element) element.hidden = isHidden;
}

/** @param {string} words */
function trouble(words) {
  const box = /** @type {HTMLElement} */ (find("trouble"));
  const text = /** @type {HTMLElement} */ (box.querySelector("p"));
  text.textContent = words;
  box.hidden = !words;
}

/** @param {number} ms */
function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  const rest = String(s % 60).padStart(2, "0");
  if (s < 3600) return `${Math.floor(s / 60)}:${rest}`;
  return `${Math.floor(s / 3600)}:${String(Math.floor(s / 60) % 60).padStart(2, "0")}:${rest}`;
}

/** @param {string} words */
const sentence = (words) => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`.replace("..", ".");

/** @type {Record<string, () => unknown>} */
const KEYS = { KeyA: accept, KeyR: decline, KeyM: mute, Digit1: hangUp, KeyS: switchPresence };

/** @type {Record<string, () => unknown>} */
const BUTTONS = {
  accept, decline, mute, "hang-up": hangUp, "go-ready": goReady, "go-away": goAway, "take-back": reconnect,
  "not-connected": reconnect, "wrap-up-done": endWrapUp, "wrap-up-more": () => act("/agents/wrap-up/more"),
  "check-headset": checkHeadset,
};

document.addEventListener("keydown", (event) => {
  if (!event.ctrlKey || !event.shiftKey || event.altKey || !(event.code in KEYS)) return;
  event.preventDefault();
  if (!event.repeat) KEYS[event.code]();
});
find("desk")?.addEventListener("click", (event) => {
  const pressed = /** @type {Element} */ (event.target).closest("button");
  if (pressed && pressed.id in BUTTONS) BUTTONS[pressed.id]();
});

phone
  .on("open", () => { trouble(""); showSound(); })
  .on("closed", () => { connecting = 0; quiet(); showSound(); refresh(); })
  .on("levels", (/** @type {number} */ me, /** @type {number} */ caller) => { level("level-me", me); level("level-caller", caller); })
  .on("muted", showMuted)
  .on("shaky", (/** @type {boolean} */ shaky) => trouble(shaky ? "The sound broke off. Reconnecting." : ""))
  .on("trouble", trouble);

/** @param {Event} event */
const idOf = (event) => String(/** @type {CustomEvent} */ (event).detail?.id);
document.addEventListener("live:desk", (event) => { if (idOf(event) === String(facts.me)) refresh(); });
document.addEventListener("live:handover", refresh);
document.addEventListener("live:again", refresh);
document.addEventListener("live:call", (event) => { if (idOf(event) === state().call) conversation?.refresh(); });
addEventListener("beforeunload", (event) => { if (phone.isOpen) event.preventDefault(); });

if (find("draft")) {
  const { shown, report } = state();
  atHand = `${shown}:${report}`;
  workOn(shown);
}
settle();
/** @type {HTMLElement} */ (find("desk")).inert = false; // the page can answer now
setInterval(tick, 250);
setInterval(beat, BEAT_MS);
setInterval(showSound, 1000);
setInterval(() => { if (state().presence === "in_conversation") conversation?.refresh(); }, BEAT_MS);
beat();
