// Conversation: a list of what was said that follows the newest line until the reader scrolls up.
(() => {
  "use strict";

  class Conversation {
    // pill: a button that brings the reader back to the newest line, or null. Several conversations
    // may share `empty` and `pill`: only the one that is shown moves them.
    constructor(list, empty, pill) {
      this.list = list;
      this.empty = empty;
      this.pill = pill;
      this.following = true;
      this.isShown = true;
      this.spoken = new Map();
      list.addEventListener("scroll", () => this.scrolled());
      if (pill) pill.addEventListener("click", () => this.isShown && this.follow());
    }

    show(on) {
      this.isShown = on;
      this.tell();
      this.stay();
    }

    // Whether there is anything to read, and anything below.
    tell() {
      if (!this.isShown) return;
      this.empty.hidden = this.list.childElementCount > 0;
      if (this.pill) this.pill.hidden = this.following;
    }

    clear() {
      this.list.replaceChildren();
      this.spoken.clear();
      this.follow();
    }

    // The line's words. They come twice: when the sentence begins, and when it is over (done), then
    // with what was really heard of it (spoken).
    says({ id, text, done, cut, spoken, at }) {
      const known = this.spoken.get(id);
      const item = known || this.add("line", at);
      this.spoken.set(id, item);
      item.firstChild.textContent = cut ? spoken : text;
      item.classList.toggle("cut", Boolean(cut));
      item.classList.toggle("speaking", !done);
      this.stay();
    }

    // Keys pressed soon after each other share one bubble.
    presses(digit, at) {
      const last = this.list.lastElementChild;
      if (last && last.classList.contains("keys-pressed")) {
        last.querySelector("b").textContent += digit;
        return this.stay();
      }
      const item = this.add("me keys-pressed", at);
      const word = document.createElement("span");
      const keys = document.createElement("b");
      word.textContent = "You pressed";
      keys.textContent = digit;
      item.firstChild.append(word, keys);
      return this.stay();
    }

    notes(text) {
      const item = this.add("note");
      item.textContent = text;
      this.stay();
    }

    // links: where each address in the text can be opened.
    texts({ body, from, at, mine, links }) {
      const item = this.add(mine ? "me" : "line", mine ? at : `${from} · ${at}`);
      item.firstChild.append(...withLinks(body, links));
      this.stay();
    }

    add(kind, at) {
      const item = document.createElement("li");
      item.className = `${kind} fresh`;
      item.append(document.createElement("p"));
      if (at) {
        const time = document.createElement("time");
        time.textContent = at;
        item.append(time);
      }
      this.list.append(item);
      this.tell();
      return item;
    }

    stay() {
      if (this.following) this.list.scrollTop = this.list.scrollHeight;
    }

    follow() {
      this.following = true;
      this.stay();
      this.tell();
    }

    scrolled() {
      const below = this.list.scrollHeight - this.list.clientHeight - this.list.scrollTop;
      this.following = below < 24;
      this.tell();
    }
  }

  function withLinks(body, links) {
    const parts = [];
    let rest = body;
    for (const [address, target] of Object.entries(links)) {
      const at = rest.indexOf(address);
      if (at < 0) continue;
      const link = document.createElement("a");
      link.href = target;
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      link.textContent = address;
      parts.push(rest.slice(0, at), link);
      rest = rest.slice(at + address.length);
    }
    return [...parts, rest];
  }

  globalThis.Conversation = Conversation;
})();
