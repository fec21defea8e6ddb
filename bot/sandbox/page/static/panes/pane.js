// The pane at the side: a thread, a file, what is pinned, who is here; when none of these, the guide.

import { ask } from "/static/api.js";
import { byId, el } from "/static/dom.js";
import { markdown } from "/static/text/markdown.js";
import { renderMessages } from "/static/messages/messages.js";
import { here, state, titleOf } from "/static/world.js";

let shown = "";
let opener = null;
let whenClosed = () => {};

export const paneShows = () => shown;

// `kind`: thread, file, pins, people or guide; `nodes` are put into its body.
export function openPane(kind, title, nodes, { tools = [] } = {}) {
  if (shown !== kind) opener = document.activeElement;
  shown = kind;
  const pane = byId("pane");
  pane.hidden = false;
  pane.dataset.kind = kind;
  pane.setAttribute("aria-label", title);
  byId("pane-title").textContent = title;
  byId("pane-tools").replaceChildren(...tools);
  byId("pane-thread").hidden = kind !== "thread";
  byId("pane-body").hidden = kind === "thread";
  if (kind !== "thread") byId("pane-body").replaceChildren(...nodes);
}

export function closePane() {
  if (!shown) return;
  const kind = shown;
  shown = "";
  byId("pane").hidden = true;
  byId("pane").dataset.kind = "";
  whenClosed(kind);
  if (opener?.isConnected && opener.offsetParent) opener.focus();
  else byId("text").focus();
}

export function wirePane(closed) {
  whenClosed = closed;
  byId("close-pane").addEventListener("click", closePane);
  byId("pane").addEventListener("keydown", (event) => { if (event.key === "Escape") closePane(); });
}

export async function showThread(view) {
  if (!state.thread) return;
  const thread = state.thread;
  const messages = await ask("thread", { channel: state.channel, ts: thread, user: state.me });
  if (thread !== state.thread) return;
  openPane("thread", "Thread", []);
  byId("pane-where").textContent = titleOf(here());
  renderMessages(byId("thread"), messages, { ...view, inThread: true });
}

export async function showFile(file, href) {
  const text = await (await fetch(href)).text();
  const isMarkdown = /\.(md|markdown)$/i.test(file.name);
  const raw = () => el("pre.raw", { tabindex: "0" }, text);
  const read = () => (isMarkdown ? markdown(text) : raw());
  const toggle = el("button", { type: "button", "aria-pressed": "false" }, "Raw");
  toggle.addEventListener("click", () => {
    const isRaw = toggle.getAttribute("aria-pressed") !== "true";
    toggle.setAttribute("aria-pressed", String(isRaw));
    byId("pane-body").replaceChildren(isRaw ? raw() : read());
  });
  const save = el("a.button", { href, download: file.name }, "Download");
  openPane("file", file.title, [read()], { tools: isMarkdown ? [toggle, save] : [save] });
  byId("pane-body").scrollTop = 0;
  byId("close-pane").focus();
}

export async function showPins(view) {
  const pins = await ask("pins", { channel: state.channel });
  const list = el("ol.messages");
  openPane("pins", "Pinned", [el("div.log", {}, list), pins.length === 0 && el("p.soft", {}, "No pinned messages.")].filter(Boolean));
  renderMessages(list, pins, { ...view, inThread: true });
}

export async function showMembers(writeTo) {
  const members = await ask("members", { channel: state.channel });
  openPane("people", "People here", [el("ul.members", {}, ...members.map((id) => {
    const user = state.users.get(id);
    return el("li", {}, el("img", { src: `/avatar/${id}.svg`, alt: "" }),
      el("span", {}, el("b", {}, user.real_name), el("small", {}, user.is_bot ? "app" : `@${user.name} · ${user.tz.replace("_", " ")}, ${localTime(user.tz)}`)),
      id !== state.me && el("button", { type: "button", onclick: () => writeTo(id), "aria-label": `Write to ${user.real_name}` }, "Write"));
  }))]);
}

const localTime = (zone) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date());

