// Where one writes: Enter sends, Shift+Enter breaks the line, and what is typed is completed.

import { el } from "/static/dom.js";
import { complete } from "/static/messages/complete.js";
import { pickEmoji } from "/static/messages/picker.js";

const drafts = new Map();

// `place()` names what is written to, so that each keeps its draft; `send(text, form)` returns whether it was taken;
// `upward()` moves the focus to the newest message, and returns whether there is one.
export function wireComposer(form, { place, page, send, attach, editLast, upward }) {
  const field = form.querySelector("textarea");
  const list = form.querySelector("[role=listbox]");
  const hint = form.querySelector(".usage");
  let offered = null;
  let chosen = -1;

  function look() {
    drafts.set(place(), field.value);
    offered = complete(field.value, field.selectionStart, page());
    chosen = offered?.eager ? 0 : -1;
    draw();
  }

  function draw() {
    const items = offered?.items || [];
    list.hidden = !items.length;
    list.replaceChildren(...items.map((item, index) => el("li", {
      role: "option", id: `${list.id}-${index}`, "aria-selected": String(index === chosen),
      onpointerdown: (event) => { event.preventDefault(); take(item); },
    }, item.face ? el("img", { src: `/avatar/${item.face}.svg`, alt: "" }) : item.sign && el("span.sign", {}, item.sign), el("b", {}, item.label), el("span", {}, item.about))));
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
    if (chosen >= 0 && items.length) field.setAttribute("aria-activedescendant", `${list.id}-${chosen}`);
    else field.removeAttribute("aria-activedescendant");
    hint.hidden = !offered?.hint;
    if (offered?.hint) hint.replaceChildren(el("b", {}, offered.hint), el("span", {}, offered.about));
  }

  function close() {
    offered = null;
    draw();
  }

  function take(item) {
    const caret = field.selectionStart;
    field.setRangeText(item.insert, offered.from, caret, "end");
    look();
  }

  async function submit() {
    const text = field.value.trim();
    if (!text) return;
    const where = place();
    field.value = "";
    drafts.delete(where);
    close();
    if (await send(text, form) || drafts.get(where)) return;
    drafts.set(where, text);
    if (place() === where) field.value = text;
  }

  // What all that is offered begins with, as in a shell; the first of it where that is no more than stands there.
  function further(items) {
    const typed = field.value.slice(offered.from, field.selectionStart);
    const [first, ...others] = items.map((item) => item.insert);
    const differs = [...first].findIndex((letter, at) => others.some((other) => other[at] !== letter));
    const insert = differs < 0 ? first : first.slice(0, differs);
    return insert.length > typed.length ? { insert } : items[0];
  }

  function key(event) {
    if (event.isComposing) return;
    const items = offered?.items || [];
    if (items.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      chosen = event.key === "ArrowDown" ? (chosen + 1) % items.length : (chosen < 1 ? items.length : chosen) - 1;
      draw();
    } else if (items.length && event.key === "Tab" && !event.shiftKey) {
      event.preventDefault();
      take(items[chosen] || further(items));
    } else if (event.key === "Tab" && event.shiftKey && upward()) {
      event.preventDefault();
    } else if ((items.length || offered?.hint) && event.key === "Escape") {
      event.stopPropagation();
      close();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      const typed = offered && field.value.slice(offered.from, field.selectionStart);
      if (items[chosen] && items[chosen].insert.trim() !== typed?.trim()) take(items[chosen]);
      else submit();
    } else if (event.key === "ArrowUp" && !field.value && editLast) {
      event.preventDefault();
      editLast();
    }
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  field.addEventListener("keydown", key);
  field.addEventListener("input", look);
  field.addEventListener("blur", close);
  const smile = form.querySelector(".smile");
  smile.addEventListener("click", () => pickEmoji(smile, page().marks, (name) => {
    field.setRangeText(`:${name}: `, field.selectionStart, field.selectionEnd, "end");
    field.focus();
  }));
  const file = form.querySelector("input[type=file]");
  form.querySelector(".attach")?.addEventListener("click", () => file.click());
  file?.addEventListener("change", async () => {
    for (const each of file.files) await attach(each);
    file.value = "";
  });
  return { refill() { field.value = drafts.get(place()) || ""; close(); }, focus: () => field.focus() };
}
