// rich_text blocks to nodes.

import { el } from "/static/dom.js";
import { emoji } from "/static/text/emoji.js";
import { dateMark } from "/static/text/times.js";

export const richText = (block, world) => el("div.block.text", {}, ...block.elements.map((part) => richPart(part, world)));

const TAGS = { rich_text_preformatted: "pre", rich_text_quote: "blockquote" };

export function richPart(part, world) {
  if (part.type === "rich_text_list") {
    const items = part.elements.map((item) => el("li", {}, richPart(item, world)));
    return el(part.style === "ordered" ? "ol" : "ul", { class: `rich indent-${part.indent || 0}`, start: part.offset ? String(part.offset + 1) : null }, ...items);
  }
  return el(TAGS[part.type] || "div", {}, ...(part.elements || []).map((piece) => richPiece(piece, world)));
}

function richPiece(piece, world) {
  const mention = (words) => el("span.mention", {}, words);
  switch (piece.type) {
    case "text": return styled(piece.text, piece.style);
    case "link": return el("a", { href: /^(https?|mailto):/.test(piece.url) ? piece.url : null, target: "_blank", rel: "noreferrer" }, styled(piece.text || piece.url, piece.style));
    case "emoji": return emoji(piece.name);
    case "user": return mention(`@${world.userName(piece.user_id) || piece.user_id}`);
    case "usergroup": return mention(`@${world.groupName(piece.usergroup_id) || piece.usergroup_id}`);
    case "channel": return mention(`#${world.channelName(piece.channel_id) || "a-private-channel"}`);
    case "broadcast": return mention(`@${piece.range}`);
    case "date": return dateMark(`!date^${piece.timestamp}^${piece.format}${piece.url ? `^${piece.url}` : ""}`, piece.fallback || "");
    case "color": return el("code", {}, piece.value);
    default: return piece.elements ? richPart(piece, world) : "";
  }
}

function styled(text, style = {}) {
  let node = document.createTextNode(text);
  for (const [name, tag] of [["code", "code"], ["strike", "s"], ["italic", "em"], ["bold", "strong"]]) {
    if (style[name]) node = el(tag, {}, node);
  }
  return node;
}
