// Block Kit to nodes. `context`: { world, use(block, element, value), suggest(element, text) }, and in a form also
// `values` (what was typed, by `block_id.action_id`) and `errors` (by block id).

import { el } from "/static/dom.js";
import { nameOf, renderElement } from "/static/blocks/elements.js";
import { markdown } from "/static/text/markdown.js";
import { richPart, richText } from "/static/text/richtext.js";
import { mrkdwn, plain } from "/static/text/text.js";

export const words = (object, world) => (object.type === "mrkdwn" ? mrkdwn(object.text, world) : plain(object.text));

export function renderBlocks(blocks, context) {
  return blocks.map((block) => (RENDER[block.type] || unknown)(block, context)).filter(Boolean);
}

// From elsewhere, or a file that the app uploaded.
export const pictureOf = (image, context) => (image.slack_file ? `/files/-/${image.slack_file.id}/picture` : image.image_url);

const unknown = (block) => el("p.block.context", {}, `(a block of type ${block.type})`);

const RENDER = {
  section(block, context) {
    const box = el("div.words", {}, block.text && words(block.text, context.world));
    if (block.fields) box.append(el("div.fields", {}, ...block.fields.map((field) => words(field, context.world))));
    return el("div.block.section", {}, box, block.accessory && renderElement(block, block.accessory, context));
  },
  header: (block) => el("div.block.header", {}, plain(block.text.text)),
  context: (block, context) => el("div.block.context", {}, ...block.elements.map((element) =>
    element.type === "image" ? el("img", { src: pictureOf(element, context), alt: element.alt_text }) : words(element, context.world))),
  divider: () => el("hr.block.divider"),
  image: (block, context) => el("figure.block", {}, el("img.picture", { src: pictureOf(block, context), alt: block.alt_text }),
    block.title && el("figcaption", {}, plain(block.title.text))),
  actions: (block, context) => el("div.block.actions", {}, ...block.elements.map((element) => renderElement(block, element, context))),
  markdown: (block) => el("div.block", {}, markdown(block.text)),
  rich_text: (block, context) => richText(block, context.world),
  video: (block) => el("p.block", {}, el("a", { href: block.title_url || block.video_url, target: "_blank", rel: "noreferrer" }, block.title.text)),
  file: () => el("p.block.context", {}, "A file from elsewhere"),
  table: (block, context) => el("div.block.wide", { tabindex: "0", role: "region", "aria-label": "Table" }, el("table", {}, el("tbody", {}, ...block.rows.map((row) => el("tr", {},
    ...row.map((cell) => el("td", {}, cell.type === "raw_text" ? cell.text : cell.elements.map((part) => richPart(part, context.world))))))))),
  input(block, context) {
    const id = nameOf(block, block.element);
    const wrong = context.errors?.[block.block_id];
    const isGroup = /checkboxes|radio_buttons/.test(block.element.type);
    const name = [plain(block.label.text), block.optional && el("span.optional", {}, " (optional)")];
    const about = [wrong && `${id} wrong`, block.hint && `${id} hint`].filter(Boolean).map(asId).join(" ");
    return el(wrong ? "div.field.wrong" : "div.field", {},
      isGroup ? el("div.label", { id: asId(`${id} label`) }, ...name) : el("label", { for: asId(id) }, ...name),
      renderElement(block, block.element, { ...context, form: true, wrong: Boolean(wrong), about: about || null, label: asId(`${id} label`) }),
      wrong && el("div.wrongness", { id: asId(`${id} wrong`) }, wrong),
      block.hint && el("div.about", { id: asId(`${id} hint`) }, plain(block.hint.text)));
  },
};

export const asId = (name) => name.replace(/\s/g, "-");
