// The page of faults: the plan in force with a switch for each kind, and what strikes at once.
(() => {
  "use strict";
  const { element, button, ask, follow, copy, clock } = Page;
  const $ = (id) => document.getElementById(id);
  let sections = [];
  let entries = [];      // {section, kind, on, values}: those of the plan, and one of each kind that is off
  let inForce = "";      // the network's plan as last seen, as text
  let seed = 1;

  function defaults(kind) {
    return Object.fromEntries(kind.parameters.map((one) => [one.name, one.default]));
  }

  function read(plan) {
    seed = plan.seed;
    entries = sections.flatMap(({ section, kinds }) => kinds.flatMap((kind) => {
      const here = (plan[section] || []).filter((one) => one.fault === kind.fault);
      const on = here.map(({ fault, ...values }) => ({ section, kind, on: true, values: { ...defaults(kind), ...values } }));
      return on.length ? on : [{ section, kind, on: false, values: defaults(kind) }];
    }));
  }

  function plan() {
    const written = { seed };
    for (const { section, kind, on, values } of entries) {
      if (on) (written[section] ||= []).push({ fault: kind.fault, ...values });
    }
    return written;
  }

  async function put() {
    try {
      const told = await ask("/simulator/faults", "PUT", plan());
      trouble("");
      show(told);
    } catch (error) {
      trouble(error.message);
    }
    draw();
  }

  function trouble(words) {
    $("trouble").textContent = words;
    $("trouble").hidden = !words;
  }

  // What is seen

  function draw() {
    const held = document.activeElement && document.activeElement.id;
    $("seed").value = seed;
    $("sections").replaceChildren(...sections.map(drawSection));
    $("written").textContent = JSON.stringify(plan(), null, 2);
    const count = entries.filter((one) => one.on).length;
    $("plan-word").textContent = count ? `${count} on` : "nothing goes wrong";
    if (held && $(held)) $(held).focus();
  }

  function drawSection({ section }) {
    const here = entries.filter((one) => one.section === section);
    const title = element("h3", "", section[0].toUpperCase() + section.slice(1));
    return element("section", "kinds", title, element("div", "grid", ...here.map(drawEntry)));
  }

  function drawEntry(entry) {
    const { kind, section } = entry;
    const number = entries.indexOf(entry);
    const box = document.createElement("input");
    Object.assign(box, { type: "checkbox", checked: entry.on, id: `on-${number}` });
    box.setAttribute("role", "switch");
    box.addEventListener("change", () => { entry.on = box.checked; put(); });
    const head = element("label", "head", box, element("b", "", kind.fault.replaceAll("_", " ")), element("span", "struck"));
    head.querySelector(".struck").dataset.kind = `${section}.${kind.fault}`;
    const card = element("div", "kind", head, element("p", "", kind.says));
    card.dataset.on = String(entry.on);
    if (entry.on) {
      card.append(...kind.parameters.map((one) => Page.field(one, entry.values[one.name], (value) => {
        entry.values[one.name] = value;
        put();
      })));
      card.append(button("act again", "One more of this kind", () => {
        entries.splice(number + 1, 0, { ...entry, values: { ...entry.values } });
        put();
      }));
    }
    return card;
  }

  function show({ plan: now, struck, outage }) {
    inForce = JSON.stringify(now);
    document.querySelectorAll(".struck").forEach((word) => {
      const times = struck[word.dataset.kind];
      word.textContent = times ? `struck ${times}×` : "";
    });
    $("outage-end").hidden = !outage.is_on;
    $("outage-begin").hidden = outage.is_on;
    $("outage-word").textContent = outage.is_on ? `The carrier is out for another ${clock(Math.ceil(outage.left_s))}.` : "";
  }

  // Somebody else may put another plan; whoever is at a field keeps it.
  async function look() {
    if (!sections.length) {
      const described = await ask("/simulator/faults/kinds");
      Page.meanings = described.moments || {};
      ({ sections } = described);
    }
    const told = await ask("/simulator/faults");
    const isTyping = $("sections").contains(document.activeElement) && document.activeElement.matches("[type=number], [type=text], [type=range]");
    if (JSON.stringify(told.plan) !== inForce && !isTyping) {
      read(told.plan);
      draw();
    }
    show(told);
  }

  // At once

  async function said(work, words) {
    try {
      await work();
      $("at-once-word").textContent = words();
    } catch (error) {
      $("at-once-word").textContent = error.message;
    }
    again();
  }

  async function cutAll() {
    const { calls } = await ask("/calls.json");
    const live = calls.filter((call) => !call.is_over && call.sockets);
    for (const call of live) await ask(`/simulator/calls/${call.sid}/cut-stream`, "POST");
    return live.length;
  }

  $("outage").addEventListener("submit", (event) => {
    event.preventDefault();
    const body = { seconds: Number($("outage-seconds").value), drops_calls: $("outage-drops").checked };
    said(() => ask("/simulator/faults/outage", "POST", body), () => "");
  });
  $("outage-end").addEventListener("click", () => said(() => ask("/simulator/faults/outage", "DELETE"), () => "The carrier is back."));
  $("cut").addEventListener("click", () => {
    let count = 0;
    said(async () => { count = await cutAll(); }, () => (count ? `Cut the sockets of ${count} call${count > 1 ? "s" : ""}.` : "No media socket is open."));
  });
  $("calm").addEventListener("click", () => said(() => ask("/simulator/faults", "DELETE"), () => "All faults are off."));
  $("seed").addEventListener("change", () => { seed = Math.round(Number($("seed").value)) || 0; put(); });
  $("copy").addEventListener("click", () => copy($("written").textContent, $("copy")));
  const again = follow(look, 1000);
})();
