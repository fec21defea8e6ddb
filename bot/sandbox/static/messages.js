// Messages as a list: days, authors, blocks, reactions, files, threads.

import { el } from "/static/dom.js";
import { COMMON, emoji } from "/static/emoji.js";
import { renderBlocks } from "/static/blocks.js";
import { mrkdwn } from "/static/text.js";

const GATHER = 300;

const clock = (ts) => new Date(Number(ts) * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = (ts) => new Date(Number(ts) * 1000).toLocaleDateString([], { weekday: "long", day: "numeric", month: "long", year: "numeric" });

// `act` has use, react, openThread, edit, remove, shortcut; `marked` is the ts of a message to point at.
export function renderMessages(list, messages, { world, me, act, marked, inThread }) {
  const near = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  let before = null;
  const nodes = [];
  for (const message of messages) {
    if (!before || day(before.ts) !== day(message.ts)) {
      nodes.push(el("li.day", {}, day(message.ts)));
      before = null;
    }
    nodes.push(renderMessage(message, before, { world, me, act, marked, inThread }));
    before = message;
  }
  list.replaceChildren(...nodes);
  const found = list.querySelector(".found");
  if (found) found.scrollIntoView({ block: "center" });
  else if (near) list.scrollTop = list.scrollHeight;
}

function follows(message, before) {
  return before && before.user === message.user && !message.subtype && !before.subtype && !message.is_ephemeral
    && !before.is_ephemeral && Number(message.ts) - Number(before.ts) < GATHER;
}

function renderMessage(message, before, view) {
  const { world, marked, inThread } = view;
  const author = message.user || world.botUser;
  const joined = follows(message, before);
  const classes = ["li", "message"];
  if (joined) classes.push("follows");
  if (message.is_ephemeral) classes.push("whisper");
  if (message.subtype && /_(join|leave|topic|purpose|name|archive|unarchive)$|tombstone/.test(message.subtype)) classes.push("system");
  if (message.ts === marked) classes.push("found");
  const time = el("span.when", { title: new Date(Number(message.ts) * 1000).toLocaleString() }, clock(message.ts));
  const body = el("div.body");
  if (!joined) {
    body.append(el("header", {}, el("strong", {}, message.username || world.realName(author)),
      world.isBot(author) && el("span.tag", {}, "app"), time.cloneNode(true)));
  }
  if (message.is_ephemeral) body.append(el("div.whisper-note", {}, "Only visible to you"));
  if (message.pinned_to) body.append(el("div.pinned", {}, "📌 Pinned"));
  if (message.subtype === "thread_broadcast") body.append(el("div.whisper-note", {}, "replied to a thread"));
  body.append(...contents(message, view));
  if (message.reactions) body.append(reactions(message, view));
  if (message.reply_count && !inThread) {
    const count = message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`;
    body.append(el("button.replies", { type: "button", onclick: () => view.act.openThread(message.ts) }, count));
  }
  const side = joined ? time : el("img", { src: `/avatar/${author}.svg`, alt: "" });
  return el(classes.join("."), { "data-ts": message.ts, tabindex: "-1" }, side, body, tools(message, body, view));
}

function contents(message, view) {
  const { world, act } = view;
  const context = { world, use: (block, element, value) => act.use(message, block, element, value), suggest: (element, text) => act.suggest(message, element, text) };
  const own = message.blocks?.filter((block) => block.block_id !== "said") || [];
  const nodes = own.length ? renderBlocks(own, context) : message.text ? [mrkdwn(message.text, world)] : [];
  for (const attachment of message.attachments || []) {
    nodes.push(el("div.attachment", {}, ...(attachment.blocks ? renderBlocks(attachment.blocks, context) : [mrkdwn(attachment.text || attachment.fallback || "", world)])));
  }
  for (const file of message.files || []) nodes.push(fileCard(file));
  if (message.edited && nodes.length) nodes.at(-1).append(el("span.edited", {}, " (edited)"));
  return nodes;
}

function fileCard(file) {
  const size = file.size < 1024 ? `${file.size} bytes` : `${Math.round(file.size / 1024)} kB`;
  const href = `/files/${file.user}/${file.id}/${encodeURIComponent(file.name)}`;
  return el("div", {}, el("a.file", { href, target: "_blank" }, "📄", el("span", {}, file.title, el("small", {}, `${file.pretty_type}, ${size}`))));
}

function reactions(message, { world, me, act }) {
  return el("div.reactions", {}, ...message.reactions.map((reaction) => {
    const mine = reaction.users.includes(me);
    return el(mine ? "button.mine" : "button", {
      type: "button", "aria-pressed": String(mine), title: `${reaction.users.map((user) => world.userName(user)).join(", ")} :${reaction.name}:`,
      onclick: () => act.react(message, reaction.name, mine),
    }, `${emoji(reaction.name)} ${reaction.count}`);
  }));
}

function tools(message, body, { me, act, inThread, shortcuts }) {
  if (message.is_ephemeral || message.subtype === "tombstone") return null;
  const box = el("div.tools", {});
  const tool = (label, sign, run) => box.append(el("button", { type: "button", title: label, "aria-label": label, onclick: run }, sign));
  tool("Add a reaction", "☺", () => {
    if (body.querySelector(".picker")) return body.querySelector(".picker").remove();
    body.append(el("div.picker", {}, ...COMMON.map((name) => el("button", { type: "button", title: `:${name}:`, "aria-label": name, onclick: () => act.react(message, name, false) }, emoji(name)))));
  });
  if (!inThread) tool("Reply in a thread", "💬", () => act.openThread(message.thread_ts || message.ts));
  tool(message.pinned_to ? "Unpin" : "Pin", "📌", () => act.pin(message));
  if (message.user === me) {
    tool("Edit", "✎", () => act.edit(message));
    tool("Delete", "🗑", () => act.remove(message));
  }
  return box;
}
