// Small notices that something opened elsewhere, with the way there. They have a strip of their own above the messages,
// so that they cover nothing, and go by themselves, unless somebody is about to use one.

import { byId, el } from "/static/dom.js";

const MOST = 3;
const SHOWN_MS = 8000;

export function toast(key, words, label, go) {
  const box = byId("toasts");
  dropToast(key);
  const node = el("div.toast", { "data-key": key }, el("span", {}, words),
    el("button.primary", { type: "button", onclick: () => { box.replaceChildren(); go(); } }, label),
    el("button.plain", { type: "button", "aria-label": "Dismiss", onclick: () => node.remove() }, "✕"));
  box.append(node);
  while (box.children.length > MOST) box.firstChild.remove();
  removeLater(node);
}

function removeLater(node) {
  setTimeout(() => (node.matches(":hover, :focus-within") ? removeLater(node) : node.remove()), SHOWN_MS);
}

export function dropToast(key) {
  byId("toasts").querySelector(`[data-key="${key}"]`)?.remove();
}
