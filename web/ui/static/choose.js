// Turns <select data-choose> into a field in which one types to find an option.
//
// Options are found by their text and by the words in `data-words`. With
// `data-fills="department"` choosing an option also sets that other select to the
// option's `data-fill`. Without this script the select works as it is.
// Pattern: combobox with a listbox popup (WAI-ARIA Authoring Practices 1.2).
(() => {
  "use strict";

  const MOST = 8;
  const plain = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");

  function rank(option, words) {
    const name = plain(option.textContent);
    const more = plain(option.dataset.words ?? "");
    let score = 0;
    for (const word of words) {
      if (name.startsWith(word)) score += 3;
      else if (name.includes(` ${word}`)) score += 2;
      else if (more.split(/\s+/).some((own) => own.startsWith(word))) score += 1;
      else return 0;
    }
    return score;
  }

  function enhance(select) {
    const options = [...select.options].filter((option) => option.value);
    const box = document.createElement("div");
    box.className = "choose";
    const input = document.createElement("input");
    const list = document.createElement("ul");
    list.id = `${select.id}-list`;
    list.className = "choose-list";
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", select.labels[0]?.textContent ?? "");
    Object.assign(input, { type: "text", id: `${select.id}-find`, autocomplete: "off", spellcheck: false });
    input.placeholder = "Type to find: pothole, light, tree …";
    input.required = select.required;
    const attributes = { role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list" };
    for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
    if (select.labels[0]) select.labels[0].htmlFor = input.id;
    select.hidden = true;
    select.required = false;
    select.after(box);
    box.append(input, list);

    let shown = [];
    let active = -1;
    const chosen = () => select.selectedOptions[0];
    const reset = () => { input.value = select.value ? chosen().textContent : ""; input.setCustomValidity(""); };

    function close() {
      list.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function mark(index) {
      active = index;
      [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
      const item = list.children[index];
      if (!item) return;
      input.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    }

    function choose(option) {
      select.value = option.value;
      const other = document.getElementById(select.dataset.fills ?? "");
      if (other && option.dataset.fill) other.value = option.dataset.fill;
      select.dispatchEvent(new Event("change", { bubbles: true }));
      reset();
      close();
    }

    function open(all) {
      const words = all ? [] : plain(input.value).split(/\s+/).filter(Boolean);
      shown = words.length
        ? options.map((option) => [rank(option, words), option]).filter(([score]) => score)
          .sort((one, two) => two[0] - one[0]).slice(0, MOST).map(([, option]) => option)
        : options;
      list.replaceChildren(...shown.map((option, at) => {
        const item = document.createElement("li");
        item.id = `${list.id}-${at}`;
        item.textContent = option.textContent;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        item.addEventListener("pointerdown", (event) => { event.preventDefault(); choose(option); });
        return item;
      }));
      list.hidden = shown.length === 0;
      input.setAttribute("aria-expanded", String(!list.hidden));
      if (words.length && shown.length) mark(0);
    }

    input.addEventListener("input", () => {
      select.value = "";
      input.setCustomValidity(input.value ? "Pick one from the list." : "");
      open(false);
    });
    input.addEventListener("click", () => open(true));
    input.addEventListener("focus", () => input.select());
    input.addEventListener("blur", () => {
      const exact = options.find((option) => plain(option.textContent) === plain(input.value.trim()));
      if (!select.value && exact) choose(exact);
      close();
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) open(true);
        const step = event.key === "ArrowDown" ? 1 : -1;
        mark((active + step + shown.length) % shown.length);
      } else if (event.key === "Enter" && !list.hidden && active >= 0) {
        event.preventDefault();
        choose(shown[active]);
      } else if (event.key === "Escape") {
        reset();
        close();
      }
    });
    reset();
    if (select.hasAttribute("data-first")) input.focus();
  }

  for (const select of document.querySelectorAll("select[data-choose]")) enhance(select);
})();
