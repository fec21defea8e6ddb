// The topmost open modal of the person one acts as. What was typed survives updates of the view.

import { ask } from "/static/api.js";
import { byId, el } from "/static/dom.js";
import { renderBlocks } from "/static/blocks.js";

const typed = new Map();
let shown = "";

export async function refreshModal(me, world, say) {
  const open = await ask("views", { user: me });
  const dialog = byId("modal");
  const view = open.at(-1);
  if (!view) {
    shown = "";
    if (dialog.open) dialog.close();
    return;
  }
  const state = view.id + view.hash + JSON.stringify(view.errors);
  if (state === shown) return;
  shown = state;
  if (!typed.has(view.id)) typed.set(view.id, {});
  draw(dialog, view, typed.get(view.id), { me, world, say });
  if (!dialog.open) dialog.showModal();
}

function draw(dialog, view, values, { me, world, say }) {
  const name = (block, element) => `${block.block_id}.${element.action_id}`;
  const context = {
    world, values, errors: view.errors,
    use: (block, element, value) => tell(ask("click_view", { user: me, view_id: view.id, action_id: name(block, element), value }), say),
    suggest: (element, query) => ask("suggest", { user: me, action_id: element.action_id, query, view_id: view.id }),
  };
  const close = () => ask("close_view", { user: me, view_id: view.id });
  const form = el("form", { novalidate: "", onsubmit: (event) => {
    event.preventDefault();
    submit(event.submitter, form, view, values, { me, say });
  } },
    el("div.head", {}, el("h1", { id: "modal-title" }, view.title.text), el("button", { type: "button", "aria-label": "Close", onclick: close }, "✕")),
    el("div.content", {}, view.errors[""] && el("p.wrongness", { role: "alert" }, view.errors[""]), ...renderBlocks(view.blocks, context)),
    el("footer", {}, el("button", { type: "button", onclick: close }, view.close?.text || "Cancel"),
      view.submit && el("button.primary", { type: "submit" }, view.submit.text)));
  dialog.replaceChildren(form);
  dialog.oncancel = (event) => { event.preventDefault(); close(); };
}

async function submit(button, form, view, values, { me, say }) {
  for (const input of form.querySelectorAll("input[type=text], input[type=email], input[type=url], input[type=number], textarea")) {
    if (input.name) values[input.name] = input.value;
  }
  if (button) button.disabled = true;
  shown = "";
  await tell(ask("submit_view", { user: me, view_id: view.id, values }), say);
  if (button) button.disabled = false;
}

async function tell(asked, say) {
  try {
    const answer = await asked;
    if (!answer.ok && answer.text) say(answer.text);
  } catch (problem) {
    say(problem.message);
  }
}
