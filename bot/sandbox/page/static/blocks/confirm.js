// A question before something is done, as an app may ask for it.

import { byId, el } from "/static/dom.js";
import { plain } from "/static/text/text.js";

export function confirmed(confirm) {
  if (!confirm) return Promise.resolve(true);
  const dialog = byId("confirm");
  return new Promise((answer) => {
    const done = (isYes) => () => { dialog.close(); answer(isYes); };
    const kind = confirm.style === "danger" ? "button.danger" : "button.primary";
    dialog.replaceChildren(
      el("div.head", {}, el("h2", { id: "confirm-title" }, plain(confirm.title.text))),
      el("div.content", {}, plain(confirm.text.text)),
      el("footer", {}, el("button", { type: "button", onclick: done(false) }, plain(confirm.deny.text)),
        el(kind, { type: "button", onclick: done(true) }, plain(confirm.confirm.text))));
    dialog.oncancel = (event) => { event.preventDefault(); done(false)(); };
    dialog.showModal();
  });
}
