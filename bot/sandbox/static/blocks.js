// Block Kit to nodes. `use(block, element, value)` is called when a button is pressed or something is chosen;
// in a form (`form` true) inputs only hold their value, which `valueOf` reads.

import { el } from "/static/dom.js";
import { emoji } from "/static/emoji.js";
import { mrkdwn, plain } from "/static/text.js";

const words = (object, world) => (object.type === "mrkdwn" ? mrkdwn(object.text, world) : plain(object.text));

export function renderBlocks(blocks, context) {
  return blocks.map((block) => (RENDER[block.type] || unknown)(block, context)).filter(Boolean);
}

const unknown = (block) => el("div.block.context", {}, `(${block.type} block)`);

const RENDER = {
  section(block, context) {
    const box = el("div.words", {}, block.text && words(block.text, context.world));
    if (block.fields) box.append(el("div.fields", {}, ...block.fields.map((field) => words(field, context.world))));
    return el("div.block.section", {}, box, block.accessory && renderElement(block, block.accessory, context));
  },
  header: (block) => el("div.block.header", {}, plain(block.text.text)),
  context: (block, context) => el("div.block.context", {}, ...block.elements.map((element) =>
    element.type === "image" ? el("img", { src: element.image_url, alt: element.alt_text }) : words(element, context.world))),
  divider: () => el("hr.block.divider"),
  image: (block) => el("figure.block", {}, el("img.picture", { src: block.image_url, alt: block.alt_text }),
    block.title && el("figcaption", {}, plain(block.title.text))),
  actions: (block, context) => el("div.block.actions", {}, ...block.elements.map((element) => renderElement(block, element, context))),
  markdown: (block, context) => mrkdwn(block.text.replace(/\*\*(.+?)\*\*/g, "*$1*"), context.world),
  rich_text: (block, context) => el("div.block", {}, ...block.elements.map((part) => richPart(part, context.world))),
  table: (block, context) => el("div.block", {}, el("table", {}, el("tbody", {}, ...block.rows.map((row) => el("tr", {},
    ...row.map((cell) => el("td", {}, cell.type === "raw_text" ? cell.text : richPart(cell.elements?.[0] || { elements: [] }, context.world)))))))),
  input(block, context) {
    const name = `${block.block_id}.${block.element.action_id}`;
    const wrong = context.errors?.[block.block_id];
    return el(wrong ? "div.field.wrong" : "div.field", {},
      el("label", { for: name }, plain(block.label.text), block.optional && el("span.optional", {}, " (optional)")),
      renderElement(block, block.element, { ...context, form: true }),
      block.hint && el("div.about", {}, plain(block.hint.text)),
      wrong && el("div.wrongness", { role: "alert" }, wrong));
  },
};

function richPart(part, world) {
  const pieces = (part.elements || []).map((piece) => {
    if (piece.type === "text") return piece.style?.code ? el("code", {}, piece.text) : piece.style?.bold ? el("strong", {}, piece.text) : piece.text;
    if (piece.type === "user") return el("span.mention", {}, `@${world.userName(piece.user_id)}`);
    if (piece.type === "channel") return el("span.mention", {}, `#${world.channelName(piece.channel_id)}`);
    if (piece.type === "usergroup") return el("span.mention", {}, `@${world.groupName(piece.usergroup_id)}`);
    if (piece.type === "emoji") return emoji(piece.name);
    if (piece.type === "link") return el("a", { href: piece.url, rel: "noreferrer" }, piece.text || piece.url);
    if (piece.type === "broadcast") return el("span.mention", {}, `@${piece.range}`);
    return piece.elements ? richPart(piece, world) : "";
  });
  const tags = { rich_text_preformatted: "pre", rich_text_quote: "blockquote", rich_text_list: "ul" };
  return el(`${tags[part.type] || "div"}`, { class: "text" }, ...pieces);
}

export function renderElement(block, element, context) {
  return (ELEMENTS[element.type] || chooser)(block, element, context);
}

function sure(element) {
  return !element.confirm || window.confirm(`${element.confirm.title.text}\n\n${element.confirm.text.text}`);
}

const optionsOf = (element) => [...(element.options || []), ...(element.option_groups || []).flatMap((group) => group.options)];
const nameOf = (block, element) => `${block.block_id}.${element.action_id}`;
const held = (block, element, context) => context.values?.[nameOf(block, element)];

// In a form the label says what it is.
const spoken = (element, context, otherwise) => (context.form ? null : element.placeholder?.text || otherwise);

const ELEMENTS = {
  button(block, element, context) {
    const kind = element.style ? `button.${element.style}` : "button";
    return el(kind, { type: "button", onclick: () => {
      if (!sure(element)) return;
      if (element.url) window.open(element.url, "_blank", "noreferrer");
      context.use(block, element, element.value);
    } }, plain(element.text.text));
  },
  image: (block, element) => el("img.picture", { src: element.image_url, alt: element.alt_text }),
  overflow(block, element, context) {
    const menu = el("select", { "aria-label": "More", onchange: () => { if (menu.value && sure(element)) context.use(block, element, menu.value); menu.value = ""; } },
      el("option", { value: "" }, "⋯"), ...element.options.map((option) => el("option", { value: option.value }, option.text.text)));
    return menu;
  },
  plain_text_input: (block, element, context) => typed(block, element, context, element.multiline ? "textarea" : "input", "text"),
  email_text_input: (block, element, context) => typed(block, element, context, "input", "email"),
  url_text_input: (block, element, context) => typed(block, element, context, "input", "url"),
  number_input: (block, element, context) => typed(block, element, context, "input", "number"),
  datepicker: (block, element, context) => picked(block, element, context, "date", element.initial_date),
  timepicker: (block, element, context) => picked(block, element, context, "time", element.initial_time),
  datetimepicker: (block, element, context) => picked(block, element, context, "datetime-local", null),
  checkboxes: (block, element, context) => choices(block, element, context, "checkbox"),
  radio_buttons: (block, element, context) => choices(block, element, context, "radio"),
  external_select(block, element, context) {
    const list = el("datalist", { id: `list-${nameOf(block, element)}` });
    const input = typed(block, element, context, "input", "text");
    input.setAttribute("list", list.id);
    input.addEventListener("input", async () => {
      const found = await context.suggest(element, input.value);
      list.replaceChildren(...found.map((option) => el("option", { value: option.value }, option.text.text)));
    });
    return el("span", {}, input, list);
  },
};

function typed(block, element, context, tag, type) {
  const name = nameOf(block, element);
  const value = held(block, element, context) ?? element.initial_value ?? "";
  const input = el(tag, { id: name, name, placeholder: element.placeholder?.text, rows: tag === "textarea" ? "4" : null, type: tag === "input" ? type : null });
  input.value = value;
  input.addEventListener("change", () => changed(block, element, context, input.value));
  return input;
}

function picked(block, element, context, type, initial) {
  const input = el("input", { id: nameOf(block, element), name: nameOf(block, element), type, "aria-label": spoken(element, context, type) });
  input.value = held(block, element, context) ?? initial ?? "";
  input.addEventListener("change", () => {
    const value = type === "datetime-local" ? Math.floor(new Date(input.value) / 1000) : input.value;
    changed(block, element, context, value || null);
  });
  return input;
}

function changed(block, element, context, value) {
  if (context.values) context.values[nameOf(block, element)] = value;
  const tells = !context.form || block.dispatch_action;
  if (tells && element.type !== "plain_text_input") context.use(block, element, value);
}

function choices(block, element, context, type) {
  const before = held(block, element, context) ?? (type === "radio" ? element.initial_option?.value : (element.initial_options || []).map((option) => option.value));
  const box = el("div", { id: nameOf(block, element), role: type === "radio" ? "radiogroup" : "group" });
  const read = () => {
    const on = [...box.querySelectorAll("input:checked")].map((input) => input.value);
    changed(block, element, context, type === "radio" ? on[0] ?? null : on);
  };
  box.append(...element.options.map((option) => el("label.choice", {},
    el("input", { type, name: nameOf(block, element), value: option.value, onchange: read, checked: type === "radio" ? before === option.value : before.includes(option.value) }),
    " ", words(option.text, context.world), option.description && el("div.about", {}, option.description.text))));
  return box;
}

// Selects of all kinds: static ones, and those of people, channels and conversations.
function chooser(block, element, context) {
  const many = element.type.startsWith("multi_");
  const kind = element.type.replace("multi_", "");
  let options = optionsOf(element).map((option) => [option.value, option.text.text]);
  if (kind === "users_select") options = context.world.people().map((user) => [user.id, `@${user.name}`]);
  if (kind === "channels_select" || kind === "conversations_select") options = context.world.places().map((place) => [place.id, `#${place.name}`]);
  const initial = element.initial_option?.value ?? element.initial_user ?? element.initial_channel ?? element.initial_conversation
    ?? (element.initial_options?.map((option) => option.value)) ?? element.initial_users ?? element.initial_channels ?? element.initial_conversations;
  const chosen = [held(block, element, context) ?? initial ?? []].flat();
  const menu = el("select", { id: nameOf(block, element), name: nameOf(block, element), multiple: many, "aria-label": spoken(element, context, "Choose") });
  if (!many) menu.append(el("option", { value: "" }, element.placeholder?.text || "Choose…"));
  menu.append(...options.map(([value, text]) => el("option", { value, selected: chosen.includes(value) }, text)));
  menu.addEventListener("change", () => {
    if (!sure(element)) return;
    changed(block, element, context, many ? [...menu.selectedOptions].map((option) => option.value) : menu.value || null);
  });
  return menu;
}
