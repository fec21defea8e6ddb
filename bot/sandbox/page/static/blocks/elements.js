// The interactive elements of Block Kit. Outside a form each change tells the app; in a form values are only held, in
// `context.values`, unless the block asks for more.

import { el } from "/static/dom.js";
import { asId, pictureOf, words } from "/static/blocks/blocks.js";
import { comboBox } from "/static/blocks/combo.js";
import { confirmed } from "/static/blocks/confirm.js";
import { menu } from "/static/popover.js";
import { plain } from "/static/text/text.js";

export const nameOf = (block, element) => `${block.block_id}.${element.action_id}`;

export function renderElement(block, element, context) {
  const kind = element.type.replace("multi_", "");
  if (element.type.startsWith("multi_") || kind === "external_select") return combo(block, element, context);
  return (ELEMENTS[element.type] || chooser)(block, element, context);
}

const ELEMENTS = {
  button(block, element, context) {
    const press = async (button) => {
      if (!await confirmed(element.confirm)) return;
      if (element.url) window.open(element.url, "_blank", "noreferrer");
      button.classList.add("pressed");
      await context.use(block, element, element.value);
      button.classList.remove("pressed");
    };
    return el(element.style ? `button.${element.style}` : "button", {
      type: "button", "aria-label": element.accessibility_label, onclick: (event) => press(event.currentTarget),
    }, plain(element.text.text));
  },
  image: (block, element, context) => el("img.picture", { src: pictureOf(element, context), alt: element.alt_text }),
  overflow(block, element, context) {
    const button = el("button.overflow", { type: "button", "aria-label": "More", "aria-haspopup": "menu", "aria-expanded": "false" }, "⋯");
    button.addEventListener("click", () => menu(button, "More", element.options.map((option) => ({
      label: plain(option.text.text), about: option.description?.text,
      run: async () => {
        if (!await confirmed(element.confirm)) return;
        if (option.url) window.open(option.url, "_blank", "noreferrer");
        context.use(block, element, option.value);
      },
    }))));
    return button;
  },
  plain_text_input: (block, element, context) => typed(block, element, context, element.multiline ? "textarea" : "input", "text"),
  email_text_input: (block, element, context) => typed(block, element, context, "input", "email"),
  url_text_input: (block, element, context) => typed(block, element, context, "input", "url"),
  number_input: (block, element, context) => typed(block, element, context, "input", "number"),
  datepicker: (block, element, context) => picked(block, element, context, "date", element.initial_date),
  timepicker: (block, element, context) => picked(block, element, context, "time", element.initial_time),
  datetimepicker: (block, element, context) => picked(block, element, context, "datetime-local", element.initial_date_time),
  checkboxes: (block, element, context) => choices(block, element, context, "checkbox"),
  radio_buttons: (block, element, context) => choices(block, element, context, "radio"),
};

const held = (block, element, context) => context.values?.[nameOf(block, element)];
const attributes = (block, element, context, otherwise) => ({
  id: asId(nameOf(block, element)), name: nameOf(block, element), "data-focus": element.focus_on_load ? "" : null,
  "aria-label": context.form ? null : element.placeholder?.text || otherwise,
  "aria-invalid": context.wrong ? "true" : null, "aria-describedby": context.about || null,
});

// The new value is held, and told where it is to be told.
export async function changed(block, element, context, value) {
  if (context.values) context.values[nameOf(block, element)] = value;
  if (context.form && !block.dispatch_action) return true;
  if (!await confirmed(element.confirm)) return false;
  context.use(block, element, value);
  return true;
}

function typed(block, element, context, tag, type) {
  const input = el(tag, {
    ...attributes(block, element, context, "Text"), placeholder: element.placeholder?.text, rows: tag === "textarea" ? "4" : null,
    type: tag === "input" ? type : null, maxlength: element.max_length ? String(element.max_length) : null, autocomplete: "off",
    min: element.min_value, max: element.max_value, step: type === "number" && element.is_decimal_allowed ? "any" : null,
  });
  input.value = held(block, element, context) ?? element.initial_value ?? "";
  const name = nameOf(block, element);
  input.addEventListener("input", () => {
    if (context.values) context.values[name] = input.value;
    if (block.dispatch_action && element.dispatch_action_config?.trigger_actions_on?.includes("on_character_entered")) context.use(block, element, input.value);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || tag === "textarea" || !block.dispatch_action) return;
    event.preventDefault();
    context.use(block, element, input.value);
  });
  return input;
}

function picked(block, element, context, type, initial) {
  const input = el("input", { ...attributes(block, element, context, type.split("-")[0]), type });
  const value = held(block, element, context) ?? initial ?? "";
  input.value = type === "datetime-local" && value ? local(value) : value;
  input.addEventListener("change", () => {
    const now = type === "datetime-local" && input.value ? Math.floor(new Date(input.value) / 1000) : input.value;
    changed(block, element, context, now || null);
  });
  return input;
}

const local = (seconds) => new Date(seconds * 1000 - new Date(seconds * 1000).getTimezoneOffset() * 60000).toISOString().slice(0, 16);

function choices(block, element, context, type) {
  const initial = type === "radio" ? [element.initial_option?.value] : (element.initial_options || []).map((option) => option.value);
  const on = [held(block, element, context) ?? initial].flat();
  const box = el("div.choices", {
    role: type === "radio" ? "radiogroup" : "group", "aria-labelledby": context.form ? context.label : null,
    "aria-label": context.form ? null : "Choices", "aria-describedby": context.about || null,
  });
  const read = () => {
    const now = [...box.querySelectorAll("input:checked")].map((input) => input.value);
    changed(block, element, context, type === "radio" ? now[0] ?? null : now);
  };
  box.append(...element.options.map((option) => el("label.choice", {},
    el("input", { type, name: nameOf(block, element), value: option.value, onchange: read, checked: on.includes(option.value) }),
    el("span", {}, words(option.text, context.world), option.description && el("small.about", {}, words(option.description, context.world))))));
  return box;
}

// Selects of one thing: of options, people, channels.
function chooser(block, element, context) {
  const initial = element.initial_option?.value ?? element.initial_user ?? element.initial_channel ?? element.initial_conversation ?? "";
  const chosen = held(block, element, context) ?? initial;
  const menuNode = el("select", { ...attributes(block, element, context, "Choose") });
  const option = ([value, text]) => el("option", { value, selected: value === chosen }, text);
  menuNode.append(el("option", { value: "" }, element.placeholder?.text || "Choose…"));
  for (const group of element.option_groups || []) {
    menuNode.append(el("optgroup", { label: group.label.text }, ...group.options.map((each) => option([each.value, plain(each.text.text).textContent]))));
  }
  menuNode.append(...optionsFor(element, context.world).map(option));
  menuNode.addEventListener("change", async () => {
    if (!await changed(block, element, context, menuNode.value || null)) menuNode.value = chosen;
  });
  return menuNode;
}

export function optionsFor(element, world) {
  const kind = element.type.replace("multi_", "");
  if (kind === "users_select") return world.people().map((user) => [user.id, `${user.real_name} (@${user.name})`]);
  if (kind === "channels_select" || kind === "conversations_select") return world.places().map((place) => [place.id, `#${place.name}`]);
  return (element.options || []).map((each) => [each.value, plain(each.text.text).textContent]);
}

function combo(block, element, context) {
  const many = element.type.startsWith("multi_");
  const isExternal = element.type.endsWith("external_select");
  const first = element.initial_options || element.initial_users || element.initial_channels || element.initial_conversations
    || [element.initial_option].filter(Boolean);
  const known = [...optionsFor(element, context.world), ...(element.option_groups || []).flatMap((group) => group.options).map((each) => [each.value, each.text.text])];
  const label = (value) => known.find(([each]) => each === value)?.[1] || value;
  const start = (held(block, element, context) !== undefined ? [held(block, element, context)].flat().filter(Boolean) : first)
    .map((each) => (each.value ? [each.value, each.text.text] : [each, label(each)]));
  const offer = async (text) => {
    if (!isExternal) return known.filter(([, name]) => name.toLowerCase().includes(text.toLowerCase()));
    if (text.length < (element.min_query_length ?? 3)) return null;
    return (await context.suggest(element, text)).map((each) => [each.value, each.text.text]);
  };
  return comboBox({
    attributes: attributes(block, element, context, "Choose"), many, start, offer, most: element.max_selected_items,
    placeholder: element.placeholder?.text || "Type to search", least: isExternal ? element.min_query_length ?? 3 : 0,
    tell: (values) => changed(block, element, context, many ? values : values[0] ?? null),
  });
}
