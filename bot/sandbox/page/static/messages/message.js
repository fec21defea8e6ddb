// One message: who, when, what, its reactions, and what one can do with it.

import { el } from "/static/dom.js";
import { emoji } from "/static/text/emoji.js";
import { renderBlocks } from "/static/blocks/blocks.js";
import { pickEmoji } from "/static/messages/picker.js";
import { menu } from "/static/popover.js";
import { mrkdwn, typedAgain } from "/static/text/text.js";
import { ago, clock, full } from "/static/text/times.js";

const SYSTEM = /_(join|leave|topic|purpose|name|archive|unarchive)$|tombstone|pinned_item/;

export function renderMessage(message, joined, isMarked, view) {
  const { world } = view;
  const author = message.user || world.botUser;
  const kinds = [
    "li", "message", joined && "follows", message.is_ephemeral && "whisper", isMarked && "marked",
    message.subtype && SYSTEM.test(message.subtype) && "system",
  ].filter(Boolean);
  const name = message.username || world.realName(author);
  const time = () => el("span.when", { title: full(message.ts) }, clock(message.ts));
  const body = el("div.body");
  if (!joined) body.append(el("div.by", {}, el("strong", {}, name), world.isBot(author) && el("span.tag", {}, "app"), time()));
  body.append(...notes(message, view), el("div.contents", {}, ...contents(message, view)));
  if (message.reactions) body.append(reactions(message, view));
  if (message.reply_count && !view.inThread) body.append(replies(message, view));
  const side = joined ? time() : el("img.face", { src: `/avatar/${author}.svg`, alt: "" });
  const node = el(kinds.join("."), { tabindex: "-1" }, side, body);
  node.append(...[tools(message, node, view)].filter(Boolean));
  return node;
}

function notes(message, view) {
  return [
    message.is_ephemeral && el("div.note", {}, "👁 Only visible to you · ",
      el("button.link", { type: "button", onclick: () => view.act.dismiss(message) }, "Dismiss")),
    message.pinned_to && el("div.note", {}, "📌 Pinned"),
    message.subtype === "thread_broadcast" && !view.inThread && el("div.note", {}, "replied to ",
      el("button.link", { type: "button", onclick: () => view.act.openThread(message.thread_ts) }, "a thread")),
  ].filter(Boolean);
}

function contents(message, view) {
  const { world, act } = view;
  const context = {
    world,
    use: (block, element, value) => act.use(message, block, element, value),
    suggest: (element, text) => act.suggest(message, element, text),
  };
  const own = message.blocks?.filter((block) => block.block_id !== "said") || [];
  const nodes = own.length ? renderBlocks(own, context) : message.text ? [mrkdwn(message.text, world)] : [];
  for (const attachment of message.attachments || []) nodes.push(renderAttachment(attachment, context));
  for (const file of message.files || []) nodes.push(fileCard(file, act));
  if (message.edited) nodes.push(el("span.edited", { title: full(message.edited.ts) }, "(edited)"));
  return nodes;
}

function renderAttachment(attachment, context) {
  if (attachment.blocks) return el("div.attachment", {}, ...renderBlocks(attachment.blocks, context));
  return el("div.attachment", {},
    attachment.pretext && mrkdwn(attachment.pretext, context.world),
    attachment.title && el("strong", {}, attachment.title),
    mrkdwn(attachment.text || attachment.fallback || "", context.world));
}

function fileCard(file, act) {
  const href = `/files/${file.user}/${file.id}/${encodeURIComponent(file.name)}`;
  if (file.mimetype?.startsWith("image/")) return el("a.file", { href, target: "_blank" }, el("img.picture", { src: href, alt: file.alt_txt || file.title }));
  const size = file.size < 1024 ? `${file.size} bytes` : `${Math.round(file.size / 1024)} kB`;
  return el("button.file", { type: "button", onclick: () => act.openFile(file, href) }, el("span.sheet", { "aria-hidden": "true" }, "📄"),
    el("span", {}, el("b", {}, file.title), el("small", {}, `${file.pretty_type}, ${size} · read it here`)));
}

function reactions(message, view) {
  const { world, me, act } = view;
  const add = el("button.add", { type: "button", title: "Add a reaction", "aria-label": "Add another reaction", "aria-expanded": "false" }, "☺+");
  add.addEventListener("click", () => pickEmoji(add, view.page.marks, (name) => act.react(message, name, false)));
  return el("div.reactions", {}, ...message.reactions.map((reaction) => {
    const mine = reaction.users.includes(me);
    const who = reaction.users.map((user) => (user === me ? "you" : world.realName(user))).join(", ");
    const meaning = view.page.marks[reaction.name];
    return el(mine ? "button.mine" : "button", {
      type: "button", "aria-pressed": String(mine), title: `${who} reacted with :${reaction.name}:${meaning ? ` (${meaning})` : ""}`,
      "aria-label": `${reaction.name}, ${reaction.count}`, onclick: () => act.react(message, reaction.name, mine),
    }, `${emoji(reaction.name)} `, el("span", {}, String(reaction.count)));
  }), add);
}

function replies(message, view) {
  const count = message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`;
  return el("button.replies", { type: "button", onclick: () => view.act.openThread(message.ts) },
    ...message.reply_users.map((user) => el("img", { src: `/avatar/${user}.svg`, alt: "" })), el("b", {}, count),
    el("small", {}, `last ${ago(Number(message.latest_reply) * 1000)}`));
}

// --- what one can do with it

function tools(message, node, view) {
  if (message.is_ephemeral || message.subtype === "tombstone") return null;
  const { act, me, page } = view;
  const box = el("div.tools", { role: "group", "aria-label": "Message actions" });
  const tool = (label, sign, run) => {
    const button = el("button", { type: "button", title: label, "aria-label": label }, sign);
    button.addEventListener("click", () => run(button));
    box.append(button);
    return button;
  };
  const react = (anchor) => pickEmoji(anchor, page.marks, (name) => act.react(message, name, false));
  const more = (anchor) => menu(anchor, "More", [
    ...page.shortcuts.map((each) => ({ label: each.title, about: page.app.name, run: () => act.shortcut(message, each.callback_id) })),
    page.shortcuts.length > 0 && "-",
    { label: message.pinned_to ? "Unpin" : "Pin to the channel", run: () => act.pin(message) },
    { label: "Copy link", run: () => act.copyLink(message) },
    message.user === me && { label: "Edit", run: () => edit(message, node, view) },
    message.user === me && { label: "Delete", danger: true, run: () => remove(message, node, view) },
  ]);
  tool("Add a reaction", "☺", react).setAttribute("aria-expanded", "false");
  if (!view.inThread) tool("Reply in a thread", "💬", () => act.openThread(message.thread_ts || message.ts));
  tool("More", "⋯", more).setAttribute("aria-haspopup", "menu");
  node.addEventListener("keydown", (event) => {
    if (event.target !== node || event.ctrlKey || event.metaKey || event.altKey) return;
    const run = {
      Enter: () => box.querySelector("button").focus(), r: () => react(box.querySelector("button")),
      t: () => !view.inThread && act.openThread(message.thread_ts || message.ts),
      e: () => message.user === me && edit(message, node, view),
    }[event.key];
    if (run) { event.preventDefault(); run(); }
  });
  return box;
}

// In the message's place, until it is saved or left.
function inPlace(node, part) {
  node.classList.add("busy");
  const before = node.querySelector(".contents");
  const leave = () => {
    node.classList.remove("busy");
    if (part.isConnected) part.replaceWith(before);
    node.sign = null;
    node.focus();
  };
  before.replaceWith(part);
  part.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    leave();
  });
  return leave;
}

export function edit(message, node, view) {
  const field = el("textarea", { rows: "2", "aria-label": "Edit the message" });
  field.value = typedAgain(message.text, view.world);
  const form = el("form.editing", {}, field, el("div.row", {},
    el("button.primary", { type: "submit" }, "Save"), el("button", { type: "button", onclick: () => leave() }, "Cancel")));
  const leave = inPlace(node, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text || await view.act.edit(message, text)) leave();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
  });
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
}

function remove(message, node, view) {
  const yes = el("button.danger", { type: "button", onclick: async () => { leave(); await view.act.remove(message); } }, "Delete");
  const no = el("button", { type: "button", onclick: () => leave() }, "Keep it");
  const ask = el("div.editing", { role: "alertdialog", "aria-label": "Delete this message?" },
    ...contents(message, view), el("div.row", {}, el("span", {}, "Delete this message for everybody?"), yes, no));
  const leave = inPlace(node, ask);
  yes.focus();
}
