// What the page knows of the workspace, and through whose eyes it looks: one person per browser tab.

import { ask } from "/static/api.js";

export const state = {
  me: "", channel: "", thread: "", marked: "", reached: "", tab: "messages", newFrom: "",
  users: new Map(), groups: new Map(), channels: new Map(), unread: {},
  page: null, stage: { connected: true, down: false, waiting: null, doing: [], steps: [] },
};

export const world = {
  get me() { return state.me; },
  get botUser() { return state.page.app.bot_user_id; },
  userName: (id) => state.users.get(id)?.name,
  realName: (id) => state.users.get(id)?.real_name || id,
  isBot: (id) => Boolean(state.users.get(id)?.is_bot),
  channelName: (id) => state.channels.get(id)?.name,
  groupName: (id) => state.groups.get(id)?.handle,
  people: () => [...state.users.values()].filter((user) => !user.deleted && user.id !== "USLACKBOT"),
  humans: () => world.people().filter((user) => !user.is_bot),
  places: () => [...state.channels.values()].filter((channel) => channel.name && !channel.is_archived),
  groups: () => [...state.groups.values()],
};

export const here = () => state.channels.get(state.channel);

export function titleOf(channel) {
  if (channel.is_im) return world.realName(channel.user);
  return `${channel.is_private ? "🔒" : "#"}${channel.name}`;
}

export async function loadPeople() {
  const [users, groups] = await Promise.all([ask("users"), ask("usergroups")]);
  state.users = new Map(users.map((user) => [user.id, user]));
  state.groups = new Map(groups.map((group) => [group.id, group]));
  const wanted = new URLSearchParams(location.search).get("as") || sessionStorage.getItem("me");
  const humans = world.humans();
  const me = humans.find((user) => user.id === state.me) || humans.find((user) => [user.id, user.name].includes(wanted)) || humans[0];
  state.me = me?.id || "";
  remember();
}

export async function loadChannels() {
  const channels = await ask("channels", { user: state.me });
  const before = state.channels;
  state.channels = new Map(channels.map((channel) => [channel.id, channel]));
  if (!state.channels.has(state.channel)) state.channel = (channels.find((each) => each.name === "ops") || channels[0])?.id || "";
  return channels.filter((channel) => !before.has(channel.id) && !channel.is_im);
}

// --- the address: whose eyes, and what is looked at

export function remember() {
  sessionStorage.setItem("me", state.me);
  const address = addressOf(state.channel, state.thread);
  if (address !== location.pathname + location.search) history.replaceState(null, "", address);
}

export function addressOf(channel, thread = "", person = state.me) {
  const query = new URLSearchParams({ ...(thread && { thread_ts: thread }), ...(person && { as: state.users.get(person)?.name || person }) });
  return `${channel ? `/archives/${channel}` : "/"}?${query}`;
}

export function readAddress(address = location) {
  const [, channel, message] = address.pathname.match(/^\/archives\/(\w+)(?:\/p(\d+))?/) || [];
  const query = new URLSearchParams(address.search);
  return { channel, marked: message ? `${message.slice(0, -6)}.${message.slice(-6)}` : "", thread: query.get("thread_ts") || "" };
}

// --- what was read, by person; kept for the next visit

const READ = () => `read ${state.me}`;

function reading() {
  const kept = JSON.parse(localStorage.getItem(READ()) || "null");
  if (kept) return kept;
  const began = { since: `${Math.floor(Date.now() / 1000)}.000000`, read: {} };
  localStorage.setItem(READ(), JSON.stringify(began));
  return began;
}

export const readUpTo = (channel) => reading().read[channel] || reading().since;

export function markRead(channel, ts) {
  const kept = reading();
  delete state.unread[channel];
  if (!ts || ts <= (kept.read[channel] || "")) return;
  kept.read[channel] = ts;
  localStorage.setItem(READ(), JSON.stringify(kept));
}

export async function countUnread() {
  const { since, read } = reading();
  state.unread = await ask("unread", { user: state.me, since, read });
}
