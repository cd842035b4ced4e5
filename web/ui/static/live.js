// Keeps open pages up to date: receives events with a topic and an id, and fetches again.
//
//   <div data-live="ticket" hx-get="/tickets/inbox/list" hx-trigger="live" hx-swap="outerHTML">
//   <div data-live="ticket:42" ...>
//
// Such an element is fetched again when an event about it comes. Scripts may listen to
// `live:<topic>` on the document; `event.detail.id` is the id. While the socket is down,
// elements are fetched every 10 s, a badge says so, and scripts receive `live:again`.
import { token } from "./ask.js";
import { isHeld, whenReleased } from "./press.js";

(() => {
  const address = document.documentElement.dataset.liveUrl;
  const badge = document.getElementById("live-state");
  const FALLBACK_MS = 10_000;
  const REFRESH_MS = 60_000;
  const SETTLE_MS = 120;
  const LONGEST_PAUSE_MS = 15_000;

  let pause = 500;
  /** Since when the socket is down. @type {number | null} */
  let since = null;
  /** Elements that will be fetched soon. @type {Set<Element>} */
  const waiting = new Set();

  /** @typedef {{headers: Record<string, string>, triggeringEvent?: Event}} Request */
  /** @typedef {{elt: Element, triggeringEvent?: Event}} Asked */
  /** @typedef {{xhr: XMLHttpRequest, shouldSwap: boolean, isError: boolean, requestConfig: Asked}} Swap */
  /** @template T @param {string} name @param {(detail: T) => void} does */
  const on = (name, does) => {
    document.addEventListener(name, (event) => does(/** @type {CustomEvent<T>} */ (event).detail));
  };

  on("htmx:configRequest", (/** @type {Request} */ detail) => {
    detail.headers["X-CSRF-Token"] = token();
    if (detail.triggeringEvent?.type === "live") detail.headers["X-Live"] = "1";
  });

  // Errors of a form come back as pages to show, not to drop (htmx ignores 4xx by itself).
  on("htmx:beforeSwap", (/** @type {Swap} */ detail) => {
    if (detail.xhr.status === 422) {
      detail.shouldSwap = true;
      detail.isError = false;
    }
  });

  const openMenu = () => /** @type {HTMLDetailsElement | null} */ (document.querySelector("details.me[open]"));
  document.addEventListener("click", (event) => {
    const open = openMenu();
    if (open && !open.contains(/** @type {Node} */ (event.target))) open.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const open = openMenu();
    if (event.key !== "Escape" || !open) return;
    open.open = false;
    open.querySelector("summary")?.focus();
  });

  if (!address) return;

  /** @param {Element} field */
  const isChanged = (field) => {
    if (field instanceof HTMLSelectElement) return [...field.options].some((one) => one.selected !== one.defaultSelected);
    if (field instanceof HTMLTextAreaElement) return field.value !== field.defaultValue;
    if (!(field instanceof HTMLInputElement) || field.type === "hidden") return false;
    return field.matches("[type=checkbox], [type=radio]")
      ? field.checked !== field.defaultChecked
      : field.value !== field.defaultValue;
  };

  /** Nobody loses what they are writing to an event. @param {Element} element */
  const isBeingFilled = (element) => {
    const active = document.activeElement;
    const writes = active && active.matches("input, textarea, select, [contenteditable]");
    return Boolean(writes && element.contains(active))
      || [...element.querySelectorAll("input, textarea, select")].some(isChanged);
  };

  /** @param {Element} element */
  function fetchAgain(element) {
    if (!element.isConnected) return;
    if (isBeingFilled(element)) {
      soon(element, 1000);
      return;
    }
    window.htmx.trigger(element, "live");
  }

  // Fetched anew, since what came may be old by then.
  on("htmx:beforeSwap", (/** @type {Swap} */ detail) => {
    const { elt, triggeringEvent } = detail.requestConfig;
    if (triggeringEvent?.type !== "live" || !isHeld()) return;
    detail.shouldSwap = false;
    whenReleased(() => soon(elt));
  });

  /** @param {Element} element */
  function soon(element, delay = SETTLE_MS) {
    if (waiting.has(element)) return;
    waiting.add(element);
    setTimeout(() => {
      waiting.delete(element);
      fetchAgain(element);
    }, delay);
  }

  /** @returns {NodeListOf<HTMLElement>} */
  const liveElements = () => document.querySelectorAll("[data-live]");

  /** @param {HTMLElement} element @param {string} topic @param {unknown} id */
  function matches(element, topic, id) {
    return (element.dataset.live ?? "").split(/\s+/).some((wish) => {
      const [wanted, one] = wish.split(":");
      return wanted === topic && (one === undefined || one === String(id));
    });
  }

  /** @param {string} topic @param {unknown} id */
  function notify(topic, id) {
    document.dispatchEvent(new CustomEvent(`live:${topic}`, { detail: { id } }));
    for (const element of liveElements()) {
      if (matches(element, topic, id)) soon(element);
    }
  }

  function fetchElements() {
    for (const element of liveElements()) soon(element);
  }

  function fetchAll() {
    document.dispatchEvent(new CustomEvent("live:again"));
    fetchElements();
  }

  /** @param {string} address */
  function connect(address) {
    const socket = new WebSocket(address);
    socket.addEventListener("open", () => {
      pause = 500;
      if (since !== null) fetchAll();
      since = null;
      show();
    });
    socket.addEventListener("message", (event) => {
      /** @type {{topic?: string, id?: unknown} | null} */
      let received;
      try {
        received = JSON.parse(event.data);
      } catch {
        return;
      }
      if (received?.topic === "stale") fetchAll();
      else if (received?.topic) notify(received.topic, received.id);
    });
    socket.addEventListener("close", () => {
      since = since ?? Date.now();
      setTimeout(() => connect(address), pause * (0.75 + Math.random() / 2));
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    });
  }

  function show() {
    const away = since === null ? 0 : Date.now() - since;
    if (!badge) return;
    badge.hidden = away < 4000 || !document.querySelector("[data-live]");
    if (badge.hidden) return;
    const text = "Live updates are unavailable. This page checks by itself every 10 seconds.";
    if (badge.textContent !== text) badge.textContent = text;
  }

  setInterval(show, 1000);
  // Events may be lost, and "5 min ago" grows old.
  setInterval(() => { if (!document.hidden) fetchElements(); }, REFRESH_MS);
  setInterval(() => { if (since !== null) fetchAll(); }, FALLBACK_MS);
  window.addEventListener("pageshow", (event) => { if (event.persisted) fetchAll(); });
  connect(address);
})();
