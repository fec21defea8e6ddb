// The page: everything shown is asked anew when it is said to have changed.

import { ask, listen, pageState } from "/static/api.js";
import { showChannel, showHome } from "/static/panes/channel.js";
import { wireComposer } from "/static/messages/composer.js";
import { byId, el, roving } from "/static/dom.js";
import { paneClosed, showGuide, showStage, wantsGuide, wireGuide } from "/static/panes/guide.js";
import { edit } from "/static/messages/message.js";
import { staysAtEnd } from "/static/messages/messages.js";
import { refreshModal } from "/static/blocks/modal.js";
import { closePane, paneShows, showFile, showThread, wirePane } from "/static/panes/pane.js";
import { canvasChanged, showCanvas } from "/static/panes/documents.js";
import { showPeople, showSidebar, wireSidebar } from "/static/panes/sidebar.js";
import { menu } from "/static/popover.js";
import { dropToast, toast } from "/static/toasts.js";
import { addressOf, countUnread, loadChannels, loadPeople, markRead, readAddress, remember, state, titleOf, world } from "/static/world.js";

const on = (message) => ({ user: state.me, channel: state.channel, ts: message.ts });

const act = {
  run,
  leaveThread,
  type: (line) => send(line, null),
  use: (message, block, element, value) => run(ask("click", { user: state.me, channel: state.channel, message_ts: message.ts, action_id: `${block.block_id}.${element.action_id}`, value })),
  suggest: (message, element, query) => ask("suggest", { user: state.me, action_id: element.action_id, query, channel: state.channel, message_ts: message.ts }),
  react: (message, name, mine) => {
    const has = mine || message.reactions?.some((each) => each.name === name && each.users.includes(state.me));
    return run(ask(has ? "unreact" : "react", { ...on(message), name }));
  },
  pin: (message) => run(ask(message.pinned_to ? "unpin" : "pin", on(message))),
  edit: (message, text) => (text === message.text ? true : run(ask("edit", { ...on(message), text }))),
  remove: (message) => run(ask("delete", on(message))),
  dismiss: (message) => run(ask("dismiss", { user: state.me, ts: message.ts })),
  shortcut: (message, callback_id) => run(ask("shortcut", { user: state.me, channel: state.channel, message_ts: message.ts, callback_id })),
  openFile: (file, href) => { leaveThread(); return showFile(file, href); },
  copyLink: async (message) => {
    const link = `${location.origin}/archives/${state.channel}/p${message.ts.replace(".", "")}`;
    try {
      await navigator.clipboard.writeText(link);
      say("Link copied.");
    } catch {
      say(link);
    }
  },
  openThread: async (ts) => {
    state.thread = ts;
    remember();
    await showThread(view());
    composers.reply.refill();
    composers.reply.focus();
  },
};

const view = () => ({ world, me: state.me, act, page: state.page });
const composers = {};

// What went wrong is said; true if nothing did.
async function run(asked) {
  try {
    const answer = await asked;
    say("");
    return answer ?? true;
  } catch (problem) {
    say(problem.message);
    return null;
  }
}

function say(text) {
  byId("notice").hidden = !text;
  byId("notice").textContent = text;
}

const coversMessages = () => getComputedStyle(byId("pane")).position === "absolute"; // on a phone

// --- where one is

export function goTo(channel, { marked = "", thread = "", push = true } = {}) {
  Object.assign(state, { channel, marked, reached: "", thread, tab: "messages", newFrom: "" });
  if (push) history.pushState(null, "", addressOf(channel, thread));
  dropToast(channel);
  byId("messages").replaceChildren();
  if (!thread && (paneShows() !== "guide" || coversMessages())) closePane();
  say("");
  composers.main.refill();
  return refresh().then(() => { if (!marked && !matchMedia("(pointer: coarse)").matches) composers.main.focus(); });
}

function become(user) {
  Object.assign(state, { me: user, channels: new Map(), thread: "" });
  closePane();
  remember();
  return refresh();
}

async function refresh() {
  await loadChannels();
  await countUnread();
  await Promise.all([showChannel(view(), { goTo, run }), showThread(view()), refreshModal(state.me, world, say), showHome(view())]);
  showSidebar();
  remember();
}

function leaveThread() {
  state.thread = "";
  remember();
}

// --- what one does

async function send(text, form) {
  const inThread = form === byId("reply");
  const where = { user: state.me, channel: state.channel, text };
  const box = form ? form.parentElement.querySelector(".log") : byId("log");
  box.scrollTop = box.scrollHeight; // the answer comes at the end
  if (!/^\/[a-z]/i.test(text)) {
    const thread = inThread ? { thread_ts: state.thread, broadcast: byId("broadcast").checked } : {};
    byId("broadcast").checked = false;
    return run(ask("say", { ...where, ...thread }));
  }
  const answer = await run(ask("command", { ...where, thread: inThread }));
  return answer?.ok;
}

async function attach(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return run(ask("upload", { user: state.me, channel: state.channel, name: file.name, content_base64: btoa(text) }));
}

function editLast() {
  const own = [...byId("messages").querySelectorAll(".message")].filter((node) => node.dataset.key).reverse();
  ask("messages", { channel: state.channel, user: state.me, threads: false }).then((messages) => {
    const last = messages.findLast((each) => each.user === state.me && !each.subtype && !each.is_ephemeral);
    const node = last && own.find((each) => each.dataset.key === last.ts);
    if (node) edit(last, node, view());
  });
}

function followLinks(event) {
  const link = event.target.closest("a[href]");
  if (link?.closest("#pane-body .markdown")) return; // elsewhere, so that the draft that is read stays
  if (!link || event.metaKey || event.ctrlKey || event.button) return;
  const address = new URL(link.href);
  const canvas = address.origin === location.origin && address.pathname.match(/^\/docs\/\w+\/(\w+)$/)?.[1];
  if (canvas) {
    event.preventDefault();
    leaveThread();
    run(showCanvas(canvas, act));
    return;
  }
  const file = address.origin === location.origin && address.pathname.match(/^\/files\/\w+\/\w+\/([^/]+)$/)?.[1];
  if (file) {
    event.preventDefault();
    act.openFile({ name: decodeURIComponent(file), title: link.textContent }, link.href);
    return;
  }
  const target = address.origin === location.origin && readAddress(address);
  if (!target?.channel) return;
  event.preventDefault();
  goTo(target.channel, target);
}

function wire() {
  const page = () => state.page;
  const upward = (list) => () => {
    const newest = [...byId(list).querySelectorAll(".message")].at(-1);
    newest?.focus();
    return Boolean(newest);
  };
  composers.main = wireComposer(byId("composer"), { place: () => state.channel + state.me, page, send, attach, editLast, upward: upward("messages") });
  composers.reply = wireComposer(byId("reply"), { place: () => `${state.channel}${state.thread}${state.me}`, page, send, upward: upward("thread") });
  for (const id of ["messages", "thread"]) {
    roving(byId(id), ".message");
    staysAtEnd(byId(id).parentElement);
  }
  wireSidebar({ goTo, become });
  wireGuide(act);
  wireShortcuts();
  wirePane((kind) => {
    leaveThread();
    paneClosed(kind);
  });
  document.addEventListener("click", followLinks);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  window.addEventListener("popstate", () => {
    const { channel, marked, thread } = readAddress();
    goTo(channel || state.channel, { marked, thread, push: false });
  });
}

// --- what others do

async function changed(changes) {
  if (!changes) return start();
  const about = (kind) => changes.filter((change) => change.kind === kind);
  for (const { stage } of about("stage")) {
    state.stage = stage;
    showStage();
  }
  if (about("users").length) {
    await loadPeople();
    showPeople();
  }
  if (changes.every((change) => change.kind === "stage")) return null;
  offerNew(await loadChannels());
  const isHere = about("channel").some((change) => change.which === state.channel) || about("channels").length > 0;
  if (isHere) await Promise.all([showChannel(view(), { goTo, run }), showThread(view())]);
  if (about("views").length) await Promise.all([refreshModal(state.me, world, say), showHome(view())]);
  await Promise.all(about("canvas").map((change) => canvasChanged(change.which)));
  await countUnread();
  if (!document.hidden && isHere) markRead(state.channel, "");
  return showSidebar();
}

// What the app offers everywhere; the menu closes where one is told of an answer.
function wireShortcuts() {
  byId("shortcuts").addEventListener("click", (event) => menu(event.currentTarget, "Shortcuts", state.page.global_shortcuts.map((each) => ({
    label: each.title, about: state.page.app.name,
    run: async () => {
      const answer = await run(ask("global_shortcut", { user: state.me, callback_id: each.callback_id }));
      if (answer?.text) say(answer.text);
    },
  }))));
}

function offerNew(channels) {
  for (const channel of channels.filter((each) => !each.is_archived && each.id !== state.channel)) {
    toast(channel.id, `${titleOf(channel)} was opened`, "Go there", () => goTo(channel.id));
  }
}

async function start() {
  state.page = await pageState();
  byId("team").textContent = state.page.team.name;
  byId("shortcuts").hidden = !state.page.global_shortcuts.length;
  byId("actions").replaceChildren(...state.page.actions.map((label) => el("button", { type: "button", onclick: async (event) => {
    event.target.disabled = true;
    await run(ask("run_action", { label }));
    event.target.disabled = false;
  } }, label)));
  await loadPeople();
  showPeople();
  await refresh();
}

const canvasAsked = new URLSearchParams(location.search).get("canvas");
Object.assign(state, readAddress());
state.channel ||= "";
let markLoaded;
await listen(changed, new Promise((resolve) => { markLoaded = resolve; }));
state.page = await pageState();
state.stage = state.page.stage;
wire();
await start();
composers.main.refill();
if (canvasAsked) await run(showCanvas(canvasAsked, act));
else if (!state.thread && wantsGuide() && (innerWidth > 900 || !sessionStorage.getItem("guided"))) showGuide();
sessionStorage.setItem("guided", "yes");
markLoaded();
document.body.dataset.ready = "yes";
