// What opens beside something and closes again: menus, the emoji picker. Escape and a click elsewhere close it, and the
// focus goes back to where it came from.

import { el, focusables, roving } from "/static/dom.js";

let open = null;

export function closePopover({ refocus = false } = {}) {
  if (!open) return;
  const { node, anchor, stop } = open;
  open = null;
  stop();
  node.remove();
  anchor.setAttribute("aria-expanded", "false");
  if (refocus && anchor.isConnected) anchor.focus();
}

export function popover(anchor, node) {
  const again = open?.anchor === anchor;
  closePopover();
  if (again) return null;
  node.classList.add("popover");
  (anchor.closest("dialog, aside, main, nav, header") || document.body).append(node);
  anchor.setAttribute("aria-expanded", "true");
  place(anchor, node);
  const outside = (event) => {
    if (!node.contains(event.target) && !anchor.contains(event.target)) closePopover();
  };
  const key = (event) => {
    if (event.key !== "Escape" && event.key !== "Tab") return;
    if (event.key === "Tab" && node.contains(event.target) && !lastOf(node, event)) return;
    event.preventDefault();
    event.stopPropagation();
    closePopover({ refocus: true });
  };
  document.addEventListener("pointerdown", outside);
  node.addEventListener("keydown", key);
  open = { node, anchor, stop: () => document.removeEventListener("pointerdown", outside) };
  return node;
}

function lastOf(node, event) {
  const items = focusables(node);
  return event.target === (event.shiftKey ? items[0] : items.at(-1)) || node.getAttribute("role") === "menu";
}

function place(anchor, node) {
  const at = anchor.getBoundingClientRect();
  const size = node.getBoundingClientRect();
  const below = at.bottom + 4 + size.height <= innerHeight || at.top - 4 - size.height < 0;
  node.style.top = `${Math.max(4, Math.min(below ? at.bottom + 4 : at.top - 4 - size.height, innerHeight - size.height - 4))}px`;
  node.style.left = `${Math.max(4, Math.min(at.left, innerWidth - size.width - 8))}px`;
}

// `items`: [{ label, run, danger?, about? }]; falsy ones are left out, "-" is a line.
export function menu(anchor, label, items) {
  const node = el("div.menu", { role: "menu", "aria-label": label }, ...items.filter(Boolean).map((item) => item === "-"
    ? el("hr", { role: "separator" })
    : el(item.danger ? "button.danger-item" : "button", {
      type: "button", role: "menuitem", tabindex: "-1",
      onclick: () => { closePopover({ refocus: true }); item.run(); },
    }, item.label, item.about && el("small", {}, item.about))));
  if (!popover(anchor, node)) return;
  roving(node, "[role=menuitem]", { wrap: true });
  node.querySelector("[role=menuitem]")?.focus();
}
