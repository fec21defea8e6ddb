// The emoji picker: those that mean something to the app first, then all, searched by short name.

import { el } from "/static/dom.js";
import { EMOJI, emoji } from "/static/text/emoji.js";
import { closePopover, popover } from "/static/popover.js";

const COLUMNS = 8;

// `marks`: short name to what it means. `choose(name)` is called with the short name.
export function pickEmoji(anchor, marks, choose) {
  const told = el("p.told", { "aria-live": "polite" }, "Search, or move with the arrow keys");
  const found = el("div.found-emoji");
  const search = el("input", { type: "search", placeholder: "Search", "aria-label": "Search emoji", autocomplete: "off" });
  const node = el("div.picker", { role: "dialog", "aria-label": "Choose an emoji" }, search, found, told);
  const fill = () => found.replaceChildren(...sections(marks, search.value.trim().toLowerCase(), told, (name) => {
    closePopover({ refocus: true });
    choose(name);
  }));
  search.addEventListener("input", fill);
  node.addEventListener("keydown", (event) => move(event, node, search));
  fill();
  if (popover(anchor, node)) search.focus();
}

function sections(marks, query, told, choose) {
  const meaning = (name) => (marks[name] ? `, ${marks[name]}` : "");
  const one = (name) => {
    const tell = () => { told.textContent = `:${name}:${meaning(name)}`; };
    return el("button", {
      type: "button", "data-name": name, title: `:${name}:${meaning(name)}`, "aria-label": `${name}${meaning(name)}`,
      onclick: () => choose(name), onfocus: tell, onpointerenter: tell,
    }, emoji(name));
  };
  const fits = (name) => !query || name.includes(query) || marks[name]?.includes(query);
  const known = Object.keys(marks).filter(fits);
  const shown = new Set(known.map(emoji)); // one button for each picture: `+1` and `thumbsup` are the same
  const others = [...EMOJI.keys()].filter((name) => fits(name) && !shown.has(emoji(name)) && shown.add(emoji(name)));
  const part = (heading, names) => names.length > 0 && [el("p.part", { "aria-hidden": "true" }, heading), el("div.grid", { role: "group", "aria-label": heading }, ...names.map(one))];
  const nodes = [part("Timeline marks (sandbox only, not in Slack)", known), part("Emoji", others)].flat().filter(Boolean);
  return nodes.length ? nodes : [el("p.told", {}, `No emoji named ${query}.`)];
}

function move(event, node, search) {
  const all = [...node.querySelectorAll(".grid button")];
  const here = all.indexOf(document.activeElement);
  if (event.key === "Enter" && event.target === search) {
    event.preventDefault();
    all[0]?.click();
    return;
  }
  const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: here < 0 ? 1 : COLUMNS, ArrowUp: -COLUMNS }[event.key];
  if (!by || (here < 0 && event.key !== "ArrowDown")) return;
  event.preventDefault();
  (all[here + by] || (by < 0 ? search : all.at(-1)))?.focus();
}
