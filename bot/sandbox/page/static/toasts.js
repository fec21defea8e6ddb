// Small notices that something opened elsewhere, with the way there.

import { byId, el } from "/static/dom.js";

const MOST = 3;

export function toast(key, words, label, go) {
  const box = byId("toasts");
  dropToast(key);
  const node = el("div.toast", { "data-key": key }, el("span", {}, words),
    el("button.primary", { type: "button", onclick: () => { box.replaceChildren(); go(); } }, label),
    el("button.plain", { type: "button", "aria-label": "Dismiss", onclick: () => node.remove() }, "✕"));
  box.append(node);
  while (box.children.length > MOST) box.firstChild.remove();
}

export function dropToast(key) {
  byId("toasts").querySelector(`[data-key="${key}"]`)?.remove();
}
