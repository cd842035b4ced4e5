// The debugger's page: what went wrong, with the carrier's codes and what to do about it.
(() => {
  "use strict";
  const { element, ask, follow } = Page;
  const $ = (id) => document.getElementById(id);
  let errors = [];
  let drawn = "";

  function isWanted(one) {
    const words = $("search").value.trim().toLowerCase();
    const text = `${one.code} ${one.name} ${one.message} ${one.url} ${one.call_sid}`.toLowerCase();
    return (!$("level").value || one.level === $("level").value) && text.includes(words);
  }

  function row(one) {
    const code = element("a", "code", String(one.code));
    Object.assign(code, { href: one.more_info, target: "_blank", rel: "noopener noreferrer" });
    code.title = "The carrier's own page about this code";
    const time = element("time", "", new Date(one.at).toLocaleTimeString());
    time.dateTime = one.at;
    const head = element("p", "head", code, element("b", "", one.name), element("span", "level", one.level), time);
    const item = element("li", one.level, head, element("p", "message", one.message));
    if (one.advice) item.append(element("p", "advice", element("b", "", "What to do: "), one.advice));
    item.append(about(one));
    if (one.response) item.append(answer(one));
    return item;
  }

  function about(one) {
    const facts = element("p", "about");
    if (one.call_sid) {
      const call = element("a", "", "The call");
      call.href = `/calls#${encodeURIComponent(one.call_sid)}`;
      facts.append(call);
    }
    if (one.url) facts.append(element("code", "", one.url));
    return facts;
  }

  function answer(one) {
    return element("details", "", element("summary", "", `What was answered${one.status ? ` (${one.status})` : ""}`), element("pre", "", one.response));
  }

  function draw() {
    const shown = errors.filter(isWanted);
    const version = JSON.stringify(shown.map((one) => one.sid || one.at + one.code));
    $("count").textContent = errors.length ? `${shown.length} of ${errors.length}` : "";
    $("empty").hidden = shown.length > 0;
    $("empty").textContent = errors.length ? "Nothing of that kind." : "Nothing went wrong so far.";
    if (version === drawn) return;
    drawn = version;
    $("log").replaceChildren(...shown.map(row));
  }

  async function look() {
    errors = (await ask("/simulator/debugger")).errors.reverse();
    draw();
  }

  const asked = new URLSearchParams(location.search);
  $("search").value = asked.get("search") || "";
  $("search").addEventListener("input", draw);
  $("level").addEventListener("change", draw);
  follow(look, 1500);
})();
