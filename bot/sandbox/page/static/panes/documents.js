// What a channel keeps beside the conversation: the bar of its bookmarks, and its canvases, read and written in the pane.

import { ask } from "/static/api.js";
import { byId, el } from "/static/dom.js";
import { emoji } from "/static/text/emoji.js";
import { markdown } from "/static/text/markdown.js";
import { openPane, paneShows } from "/static/panes/pane.js";
import { state, world } from "/static/world.js";

let reading = null;

export async function showBar(channel, { act }) {
  const bar = byId("bar");
  const [bookmarks, canvases] = channel.is_im ? [[], []] : await Promise.all([
    ask("bookmarks", { channel: channel.id }), ask("canvases", { channel: channel.id }),
  ]);
  if (channel.id !== state.channel) return;
  const sign = JSON.stringify([channel.id, bookmarks, canvases.map((each) => [each.id, each.title])]);
  if (bar.sign === sign) return;
  bar.sign = sign;
  bar.hidden = !bookmarks.length && !canvases.length;
  bar.replaceChildren(...bookmarks.map(bookmark), ...canvases.map((canvas) => el("button", {
    type: "button", onclick: () => { act.leaveThread(); showCanvas(canvas.id, act); },
  }, el("span", { "aria-hidden": "true" }, "📄 "), canvas.title)));
}

function bookmark(each) {
  const known = emoji(each.emoji.replaceAll(":", ""));
  const sign = !known || known.startsWith(":") ? "🔗" : known;
  return el("a", { href: each.link, target: "_blank", rel: "noreferrer", title: each.link }, el("span", { "aria-hidden": "true" }, `${sign} `), each.title);
}

export async function showCanvas(id, act) {
  const [text, all] = await Promise.all([ask("canvas_content", { canvas_id: id }), ask("canvases")]);
  const canvas = all.find((each) => each.id === id);
  if (!canvas) throw new Error("This canvas no longer exists.");
  reading = { id, act };
  const body = el("div", {}, markdown(withNames(text)), el("p.soft", {}, writers(canvas)));
  const write = el("button", { type: "button", onclick: () => editCanvas(canvas, text, act) }, "Edit");
  openPane("canvas", canvas.title, [body], { tools: [write] });
}

const writers = (canvas) => `Canvas, written by ${canvas.editors.map((user) => world.realName(user)).join(", ")}.`;

// Slack's own spelling of mentions in a canvas.
const withNames = (text) => text.replace(/!\[\]\(([@#])(\w+)\)/g, (_, sign, id) => `**${sign}${(sign === "@" ? world.userName(id) : world.channelName(id)) || id}**`);

function editCanvas(canvas, text, act) {
  reading = null;
  const field = el("textarea.raw", { "aria-label": "Markdown of the canvas", rows: "24" });
  field.value = text;
  const form = el("form.canvas-editing", {}, field, el("div.row", {},
    el("button.primary", { type: "submit" }, "Save"), el("button", { type: "button", onclick: () => showCanvas(canvas.id, act) }, "Cancel")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const saved = await act.run(ask("edit_canvas", { user: state.me, canvas_id: canvas.id, markdown: field.value }));
    if (saved) showCanvas(canvas.id, act);
  });
  form.addEventListener("keydown", (event) => { if (event.key === "Escape") event.stopPropagation(); });
  openPane("canvas", canvas.title, [form]);
  field.focus();
}

// Somebody else wrote in it, or took it away; what one writes oneself stays.
export async function canvasChanged(id) {
  if (paneShows() === "canvas" && reading?.id === id) await showCanvas(id, reading.act).catch(() => {});
}
