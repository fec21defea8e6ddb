// The page: whose eyes, which channel, which thread; everything shown is asked anew when it is said to have changed.

import { ask, listen, pageState } from "/static/api.js";
import { byId, el } from "/static/dom.js";
import { renderMessages } from "/static/messages.js";
import { refreshModal } from "/static/modal.js";

const state = { me: "", channel: "", thread: "", marked: "", users: new Map(), groups: new Map(), channels: new Map(), unread: new Set(), bot: "" };

const world = {
  get botUser() { return state.bot; },
  userName: (id) => state.users.get(id)?.name,
  realName: (id) => state.users.get(id)?.real_name || id,
  isBot: (id) => Boolean(state.users.get(id)?.is_bot),
  channelName: (id) => state.channels.get(id)?.name,
  groupName: (id) => state.groups.get(id)?.handle,
  people: () => [...state.users.values()].filter((user) => !user.deleted && user.id !== "USLACKBOT"),
  places: () => [...state.channels.values()].filter((channel) => channel.name),
};

const act = {
  use: (message, block, element, value) => run(ask("click", { user: state.me, channel: state.channel, message_ts: message.ts, action_id: `${block.block_id}.${element.action_id}`, value })),
  suggest: (message, element, query) => ask("suggest", { user: state.me, action_id: element.action_id, query, channel: state.channel, message_ts: message.ts }),
  react: (message, name, mine) => run(ask(mine ? "unreact" : "react", { user: state.me, channel: state.channel, ts: message.ts, name })),
  pin: (message) => run(ask(message.pinned_to ? "unpin" : "pin", { user: state.me, channel: state.channel, ts: message.ts })),
  openThread: (ts) => { state.thread = ts; showThread(); byId("reply-text").focus(); },
  edit(message) {
    const text = window.prompt("Edit the message", message.text);
    if (text && text !== message.text) run(ask("edit", { user: state.me, channel: state.channel, ts: message.ts, text }));
  },
  remove: (message) => { if (window.confirm("Delete this message?")) run(ask("delete", { user: state.me, channel: state.channel, ts: message.ts })); },
};

async function run(asked) {
  try {
    const answer = await asked;
    say(answer && answer.ok === false && answer.text ? answer.text : "");
    return answer;
  } catch (problem) {
    say(problem.message);
    return null;
  }
}

function say(text) {
  byId("notice").hidden = !text;
  byId("notice").textContent = text;
}

// --- what is shown

async function loadPeople() {
  const [users, groups] = await Promise.all([ask("users"), ask("usergroups")]);
  state.users = new Map(users.map((user) => [user.id, user]));
  state.groups = new Map(groups.map((group) => [group.id, group]));
  const people = users.filter((user) => !user.is_bot && !user.deleted && user.id !== "USLACKBOT");
  if (!people.some((user) => user.id === state.me)) state.me = localStorage.getItem("me") || "";
  if (!people.some((user) => user.id === state.me)) state.me = people[0]?.id || "";
  byId("me").replaceChildren(...people.map((user) => el("option", { value: user.id, selected: user.id === state.me }, user.real_name)));
}

async function loadChannels() {
  const channels = await ask("channels", { user: state.me });
  state.channels = new Map(channels.map((channel) => [channel.id, channel]));
  if (!state.channels.has(state.channel)) state.channel = (channels.find((channel) => channel.name === "ops") || channels[0])?.id || "";
  const link = (channel, label) => {
    const classes = ["a", channel.is_archived && "archived", state.unread.has(channel.id) && "unread"].filter(Boolean).join(".");
    return el("li", {}, el(classes, { href: `/archives/${channel.id}`, "data-channel": channel.id, "aria-current": channel.id === state.channel ? "page" : null }, label));
  };
  const named = channels.filter((channel) => !channel.is_im).sort((a, b) => a.is_archived - b.is_archived || a.name.localeCompare(b.name));
  byId("channels").replaceChildren(...named.map((channel) => link(channel, `${channel.is_private ? "🔒" : "#"} ${channel.name}`)));
  byId("directs").replaceChildren(...channels.filter((channel) => channel.is_im).map((channel) => link(channel, world.realName(channel.user))));
}

async function showChannel() {
  const channel = state.channels.get(state.channel);
  if (!channel) return;
  const title = channel.is_im ? world.realName(channel.user) : `${channel.is_private ? "🔒 " : "#"}${channel.name}`;
  document.title = title;
  byId("name").textContent = title;
  byId("topic").textContent = channel.topic?.value || channel.purpose?.value || "";
  byId("text").placeholder = channel.is_archived ? "This channel is archived" : `Message ${title}, or /command`;
  const wanted = state.channel;
  const messages = await ask("messages", { channel: wanted, user: state.me, threads: false });
  if (wanted !== state.channel) return;
  renderMessages(byId("messages"), messages, { world, me: state.me, act, marked: state.marked });
  state.marked = "";
}

async function showThread() {
  byId("pane").hidden = !state.thread;
  if (!state.thread) return;
  const messages = await ask("thread", { channel: state.channel, ts: state.thread });
  renderMessages(byId("thread"), messages, { world, me: state.me, act, inThread: true });
}

function goTo(channel, marked = "") {
  Object.assign(state, { channel, marked, thread: "" });
  state.unread.delete(channel);
  history.pushState(null, "", `/archives/${channel}`);
  byId("messages").replaceChildren();
  say("");
  return refresh();
}

async function refresh() {
  await loadChannels();
  await Promise.all([showChannel(), showThread(), refreshModal(state.me, world, say)]);
}

// --- what one does

async function send(field, thread) {
  const text = field.value.trim();
  if (!text) return;
  field.value = "";
  const where = { user: state.me, channel: state.channel, text };
  if (/^\/[a-z]/.test(text)) await run(ask("command", { ...where, thread: Boolean(thread) }));
  else await run(ask("say", thread ? { ...where, thread_ts: thread } : where));
}

function wire() {
  for (const [form, field, thread] of [["composer", "text", () => ""], ["reply", "reply-text", () => state.thread]]) {
    byId(form).addEventListener("submit", (event) => { event.preventDefault(); send(byId(field), thread()); });
    byId(field).addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(byId(field), thread()); }
    });
  }
  byId("me").addEventListener("change", (event) => {
    state.me = event.target.value;
    localStorage.setItem("me", state.me);
    refresh();
  });
  byId("close-pane").addEventListener("click", () => { state.thread = ""; showThread(); });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-channel]");
    if (!link || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    goTo(link.dataset.channel);
  });
  window.addEventListener("popstate", () => { readAddress(); refresh(); });
}

function readAddress() {
  const [, channel, message] = location.pathname.match(/^\/archives\/(\w+)(?:\/p(\d+))?/) || [];
  if (channel) state.channel = channel;
  state.marked = message ? `${message.slice(0, -6)}.${message.slice(-6)}` : "";
  state.thread = new URLSearchParams(location.search).get("thread_ts") || "";
}

async function changed(changes) {
  if (!changes) return start();
  const kinds = new Set(changes.map((change) => change.kind));
  for (const change of changes) if (change.kind === "channel" && change.which !== state.channel) state.unread.add(change.which);
  if (kinds.has("users")) await loadPeople();
  if (kinds.has("channels") || kinds.has("users") || changes.some((change) => change.which !== state.channel)) await loadChannels();
  if (changes.some((change) => change.kind === "channel" && change.which === state.channel)) await Promise.all([showChannel(), showThread()]);
  if (kinds.has("views")) await refreshModal(state.me, world, say);
}

async function start() {
  const page = await pageState();
  state.bot = page.app.bot_user_id;
  byId("team").textContent = page.team.name;
  byId("actions").replaceChildren(...page.actions.map((label) => el("button", { type: "button", onclick: async (event) => {
    event.target.disabled = true;
    await run(ask("run_action", { label }));
    event.target.disabled = false;
  } }, label)));
  await loadPeople();
  await refresh();
}

wire();
readAddress();
await start();
byId("messages").scrollTop = byId("messages").scrollHeight;
listen(changed);
