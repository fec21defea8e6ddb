// A field that finds what is typed in a list and holds one choice, or several as chips.

import { el } from "/static/dom.js";

// `start`: [[value, label]]; `offer(text)`: a promise of the same, or of null where more has to be typed; `tell(values)`.
export function comboBox({ attributes, many, most, start, offer, tell, placeholder, least }) {
  let chosen = [...start];
  let found = [];
  let at = -1;
  let asked = 0;
  const list = el("ul.options", { role: "listbox", id: `${attributes.id}-list`, hidden: true, "aria-label": "Found" });
  const input = el("input", {
    ...attributes, name: null, type: "text", role: "combobox", autocomplete: "off", "aria-expanded": "false", "aria-controls": list.id,
    "aria-autocomplete": "list", placeholder,
  });
  const chips = el("span.chips-in");
  const box = el("div.combo", {}, chips, input, list);

  function show() {
    chips.replaceChildren(...(many ? chosen : []).map(([value, label]) => el("button.chip", {
      type: "button", "aria-label": `Remove ${label}`, onclick: () => { put(chosen.filter(([each]) => each !== value)); input.focus(); },
    }, label, " ✕")));
    if (!many) input.value = chosen[0]?.[1] || "";
  }

  function put(values) {
    chosen = values;
    show();
    tell(chosen.map(([value]) => value));
  }

  function draw(isOpen, note = "") {
    list.hidden = !isOpen;
    input.setAttribute("aria-expanded", String(isOpen));
    list.replaceChildren(...found.map(([value, label], index) => el("li", {
      role: "option", id: `${list.id}-${index}`, "aria-selected": String(index === at),
      onpointerdown: (event) => { event.preventDefault(); take(index); },
    }, chosen.some(([each]) => each === value) && many ? `✓ ${label}` : label)),
    ...(found.length ? [] : [el("li.nothing", { role: "option", "aria-disabled": "true", "aria-selected": "false" }, note || "No results")]));
    list.children[at]?.scrollIntoView({ block: "nearest" });
    if (isOpen && at >= 0) input.setAttribute("aria-activedescendant", `${list.id}-${at}`);
    else input.removeAttribute("aria-activedescendant");
  }

  async function look(text) {
    const turn = ++asked;
    let offered = null;
    try {
      offered = await offer(text);
    } catch {
      if (turn === asked) { found = []; draw(true, "The app did not respond. Type again to retry."); }
      return;
    }
    if (turn !== asked || document.activeElement !== input) return;
    found = offered || [];
    at = found.length && text ? 0 : -1;
    draw(true, offered ? "" : `Type at least ${least} character${least === 1 ? "" : "s"}`);
  }

  function take(index) {
    const one = found[index];
    if (!one) return;
    const isChosen = chosen.some(([value]) => value === one[0]);
    if (many && (isChosen || (most && chosen.length >= most))) put(chosen.filter(([value]) => value !== one[0]));
    else put(many ? [...chosen, one] : [one]);
    if (many) input.value = "";
    asked += 1;
    draw(false);
  }

  input.addEventListener("focus", () => look(many ? input.value : ""));
  input.addEventListener("input", () => {
    if (!many && !input.value && chosen.length) put([]);
    look(input.value);
  });
  input.addEventListener("blur", () => { draw(false); if (!many) input.value = chosen[0]?.[1] || ""; });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) { look(input.value); return; }
      at = event.key === "ArrowDown" ? (at + 1) % (found.length || 1) : (at < 1 ? found.length : at) - 1;
      draw(true);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (!list.hidden) take(at);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      draw(false);
    } else if (event.key === "Backspace" && many && !input.value && chosen.length) put(chosen.slice(0, -1));
  });
  show();
  return box;
}
