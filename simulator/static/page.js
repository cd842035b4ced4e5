// Page: what the simulator's pages share. Asking the network, and saying whether it is there.
(() => {
  "use strict";

  function element(tag, className, ...children) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...children.filter((child) => child !== undefined && child !== null && child !== ""));
    return made;
  }

  function button(className, words, act) {
    const made = element("button", className, words);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  }

  // -> the answer's JSON, or null when it has none. Raises Error with the network's own words.
  async function ask(path, method = "GET", body = undefined) {
    const headers = { "X-Simulator-Page": document.querySelector("meta[name=simulator-page]").content };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    let told = null;
    try { told = text ? JSON.parse(text) : null; } catch { told = { error: text }; }
    if (!answer.ok) throw new Error((told && told.error) || `HTTP ${answer.status}`);
    return told;
  }

  function link(state, word) {
    document.getElementById("link").dataset.state = state;
    document.getElementById("link-word").textContent = word;
  }

  // Calls `look` at once and again every `ms` while the page is looked at; shows whether it worked.
  function follow(look, ms) {
    const once = async () => {
      try {
        await look();
        link("up", "Live");
      } catch (error) {
        link("down", "Network away");
        if (!(error instanceof TypeError)) console.error(error);
      }
    };
    once();
    setInterval(() => { if (!document.hidden) once(); }, ms);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) once(); });
    return once;
  }

  async function copy(text, pressed) {
    const before = pressed.textContent;
    try {
      await navigator.clipboard.writeText(text);
      pressed.textContent = "Copied";
    } catch {
      pressed.textContent = "Select and copy by hand";
    }
    setTimeout(() => { pressed.textContent = before; }, 1500);
  }

  function clock(seconds) {
    return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  }

  globalThis.Page = { element, button, ask, link, follow, copy, clock };
})();
