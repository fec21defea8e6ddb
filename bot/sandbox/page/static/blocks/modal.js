// The topmost open modal of the person one acts as. What was typed survives errors and updates of the view.

import { ask } from "/static/api.js";
import { byId, el } from "/static/dom.js";
import { renderBlocks } from "/static/blocks/blocks.js";

const typed = new Map();
let shown = "";
let opener = null;

export async function refreshModal(me, world, say) {
  const open = await ask("views", { user: me });
  const dialog = byId("modal");
  const view = open.at(-1);
  if (!view) {
    shown = "";
    typed.clear();
    if (dialog.open) dialog.close();
    if (opener?.isConnected) opener.focus();
    opener = null;
    return;
  }
  const sign = view.id + view.hash + JSON.stringify(view.errors);
  if (sign === shown) return;
  shown = sign;
  if (!typed.has(view.id)) typed.set(view.id, {});
  if (!dialog.open) opener = document.activeElement;
  const before = document.activeElement?.id;
  draw(dialog, view, typed.get(view.id), { me, world, say, depth: open.length });
  if (!dialog.open) dialog.showModal();
  const first = dialog.querySelector("[aria-invalid]") || (before && dialog.querySelector(`#${CSS.escape(before)}`))
    || dialog.querySelector("[data-focus]") || dialog.querySelector(".content :is(input, textarea, select)") || dialog.querySelector("footer .primary");
  first?.focus();
}

function draw(dialog, view, values, { me, world, say, depth }) {
  const context = {
    world, values, errors: view.errors,
    use: (block, element, value) => tell(ask("click_view", { user: me, view_id: view.id, action_id: `${block.block_id}.${element.action_id}`, value }), say),
    suggest: (element, query) => ask("suggest", { user: me, action_id: element.action_id, query, view_id: view.id }),
  };
  const close = () => ask("close_view", { user: me, view_id: view.id });
  const form = el("form", { novalidate: "", onsubmit: (event) => { event.preventDefault(); submit(form, view, values, { me, say }); } },
    el("div.head", {}, el("h2", { id: "modal-title" }, view.title.text), el("button.plain", { type: "button", "aria-label": depth > 1 ? "Back" : "Close", onclick: close }, depth > 1 ? "←" : "✕")),
    el("div.content", { tabindex: view.blocks.some((block) => block.type === "input") ? null : "0" },
      view.errors[""] && el("p.wrongness", { role: "alert" }, view.errors[""]), ...renderBlocks(view.blocks, context)),
    el("footer", {}, el("button", { type: "button", onclick: close }, view.close?.text || "Cancel"),
      view.submit && el("button.primary", { type: "submit" }, view.submit.text)));
  dialog.replaceChildren(form);
  dialog.oncancel = (event) => { event.preventDefault(); close(); };
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}

async function submit(form, view, values, { me, say }) {
  const button = form.querySelector("[type=submit]");
  if (button?.disabled) return;
  if (button) button.disabled = true;
  shown = "";
  await tell(ask("submit_view", { user: me, view_id: view.id, values: shownOnly(view, values) }), say);
  if (button) button.disabled = false;
}

// An update may have taken fields away that were typed in before.
function shownOnly(view, values) {
  const names = new Set(view.blocks.flatMap((block) => [block.element, block.accessory, ...(block.elements || [])]
    .filter(Boolean).map((element) => `${block.block_id}.${element.action_id}`)));
  return Object.fromEntries(Object.entries(values).filter(([name]) => names.has(name)));
}

async function tell(asked, say) {
  try {
    const answer = await asked;
    if (!answer.ok && answer.text) say(answer.text);
  } catch (problem) {
    say(problem.message);
  }
}

