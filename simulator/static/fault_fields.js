// Fields for a fault's parameters, drawn from the network's own description of them:
// {name, says, type, default, least, most, unit, choices}.
(() => {
  "use strict";
  const { element } = Page;

  function input(type, facts) {
    return Object.assign(document.createElement("input"), { type, ...facts });
  }

  function number(one, value, change, step) {
    const made = input("number", { min: one.least, max: one.most, step, value, required: true });
    made.addEventListener("change", () => made.reportValidity() && change(Number(made.value)));
    return made;
  }

  // Shares are moved as percents.
  function share(one, value, change) {
    const made = input("range", { min: 0, max: 100, step: 1, value: Math.round(value * 100) });
    const word = element("output", "", `${Math.round(value * 100)} %`);
    made.addEventListener("input", () => { word.textContent = `${made.value} %`; });
    made.addEventListener("change", () => change(Number(made.value) / 100));
    return element("span", "slide", made, word);
  }

  function range(one, value, change) {
    const ends = Array.isArray(value) ? [...value] : [value, value];
    const moved = (at) => (given) => {
      ends[at] = given;
      if (ends[0] > ends[1]) ends[1 - at] = given;
      fields.forEach((field, index) => { field.value = ends[index]; });
      change([...ends]);
    };
    const fields = [0, 1].map((at) => number(one, ends[at], moved(at), "any"));
    fields.forEach((field, at) => field.setAttribute("aria-label", `${one.name}, ${at ? "most" : "least"}`));
    return element("span", "ends", fields[0], "to", fields[1]);
  }

  function choice(one, value, change) {
    const made = document.createElement("select");
    made.append(...one.choices.map((name) => new Option(Page.meanings[name] ? `${name}: ${Page.meanings[name]}` : name, name, false, name === value)));
    made.addEventListener("change", () => change(made.value));
    return made;
  }

  function choices(one, value, change) {
    const chosen = new Set(value);
    const boxes = one.choices.map((name) => {
      const box = input("checkbox", { checked: chosen.has(name) });
      box.addEventListener("change", () => {
        if (box.checked) chosen.add(name); else chosen.delete(name);
        change(one.choices.filter((each) => chosen.has(each)));
      });
      return element("label", "chip", box, name);
    });
    return element("span", "chips", ...boxes);
  }

  function text(one, value, change) {
    const made = input("text", { value, maxLength: 500 });
    made.addEventListener("change", () => change(made.value));
    return made;
  }

  function yes(one, value, change) {
    const made = input("checkbox", { checked: value });
    made.addEventListener("change", () => change(made.checked));
    return made;
  }

  const FIELDS = {
    number: (one, value, change) => (one.most === 1 ? share : number)(one, value, change, "any"),
    whole: (one, value, change) => number(one, value, change, 1),
    range, choice, choices, text, yes,
  };

  // A row for one parameter; a type nobody here knows is written as JSON.
  function field(one, value, change) {
    const make = FIELDS[one.type] || ((_, given, told) => text(_, JSON.stringify(given), (words) => told(JSON.parse(words))));
    const made = make(one, value, change);
    const isGroup = made.tagName === "SPAN" && one.type !== "number";
    const row = element(isGroup ? "div" : "label", "parameter");
    if (isGroup) {
      row.setAttribute("role", "group");
      row.setAttribute("aria-label", `${one.name}: ${one.says}`);
    }
    row.append(element("span", "name", element("b", "", one.name), element("small", "", one.says)), made);
    if (one.unit) row.append(element("small", "unit", one.unit));
    return row;
  }

  Page.field = field;
  Page.meanings = {};  // what choices mean, where the network says so
})();
