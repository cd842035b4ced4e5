// Keeps pages right while they are open: hears of changes by topic and id, and fetches again.
//
//   <div data-live="ticket" hx-get="/tickets/inbox/list" hx-trigger="live" hx-swap="outerHTML">
//   <div data-live="ticket:42" ...>
//
// Such an element is fetched again when news of it comes. Scripts may listen to
// `live:<topic>` on the document; `event.detail.id` is the id. While the socket is away,
// elements are fetched every 10 s, a badge says so, and scripts hear `live:again`.
(() => {
  "use strict";

  const address = document.documentElement.dataset.liveUrl;
  const badge = document.getElementById("live-state");
  const FALLBACK_MS = 10_000;
  const REFRESH_MS = 60_000;
  const SETTLE_MS = 120;
  const LONGEST_PAUSE_MS = 15_000;

  let pause = 500;
  let since = null;
  const waiting = new Map();

  const csrf = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRF-Token"] = csrf();
    if (event.detail.triggeringEvent?.type === "live") event.detail.headers["X-Live"] = "1";
  });

  // Errors of a form come back as pages to show, not to drop (htmx ignores 4xx by itself).
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 422) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });

  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll("details.me[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details.me[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });

  if (!address) return;

  const isChanged = (field) => {
    if (field.type === "hidden") return false;
    if (field.matches("select")) return [...field.options].some((one) => one.selected !== one.defaultSelected);
    return field.matches("[type=checkbox], [type=radio]")
      ? field.checked !== field.defaultChecked
      : field.value !== field.defaultValue;
  };

  // Nobody loses what they are writing to news.
  const isBeingFilled = (element) => {
    const active = document.activeElement;
    const writes = active && active.matches("input, textarea, select, [contenteditable]");
    return Boolean(writes && element.contains(active))
      || [...element.querySelectorAll("input, textarea, select")].some(isChanged);
  };

  function fetchAgain(element) {
    if (!element.isConnected) return;
    if (isBeingFilled(element)) {
      soon(element, 1000);
      return;
    }
    window.htmx.trigger(element, "live");
  }

  function soon(element, delay = SETTLE_MS) {
    if (waiting.has(element)) return;
    waiting.set(element, setTimeout(() => {
      waiting.delete(element);
      fetchAgain(element);
    }, delay));
  }

  function matches(element, topic, id) {
    return element.dataset.live.split(/\s+/).some((wish) => {
      const [wanted, one] = wish.split(":");
      return wanted === topic && (one === undefined || one === String(id));
    });
  }

  function tell(topic, id) {
    document.dispatchEvent(new CustomEvent(`live:${topic}`, { detail: { id } }));
    for (const element of document.querySelectorAll("[data-live]")) {
      if (matches(element, topic, id)) soon(element);
    }
  }

  function fetchElements() {
    for (const element of document.querySelectorAll("[data-live]")) soon(element);
  }

  function fetchAll() {
    document.dispatchEvent(new CustomEvent("live:again"));
    fetchElements();
  }

  function connect() {
    const socket = new WebSocket(address);
    socket.addEventListener("open", () => {
      pause = 500;
      if (since !== null) fetchAll();
      since = null;
      show();
    });
    socket.addEventListener("message", (event) => {
      let news;
      try {
        news = JSON.parse(event.data);
      } catch {
        return;
      }
      if (news && news.topic === "stale") fetchAll();
      else if (news && news.topic) tell(news.topic, news.id);
    });
    socket.addEventListener("close", () => {
      since = since ?? Date.now();
      setTimeout(connect, pause * (0.75 + Math.random() / 2));
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
  // News may be lost, and "5 min ago" grows old.
  setInterval(() => { if (!document.hidden) fetchElements(); }, REFRESH_MS);
  setInterval(() => { if (since !== null) fetchAll(); }, FALLBACK_MS);
  window.addEventListener("pageshow", (event) => { if (event.persisted) fetchAll(); });
  connect();
})();
