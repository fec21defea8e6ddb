// Markdown to nodes, as much of it as drafts and notes use. Nothing is ever taken for HTML.

import { el } from "/static/dom.js";

// Addresses of reference links by number, as the text that is being read defines them below its list of sources.
let addresses = new Map();
const DEFINITION = /^\[(\d+)\]: (\S+)$/;

export function markdown(text) {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  addresses = new Map(lines.flatMap((line) => (DEFINITION.test(line) ? [line.match(DEFINITION).slice(1)] : [])));
  return blocks(lines);
}

function blocks(lines) {
  const box = el("article.markdown");
  let at = 0;
  while (at < lines.length) {
    const [node, next] = block(lines, at);
    if (node) box.append(node);
    at = next;
  }
  return box;
}

const ITEM = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/;

function block(lines, at) {
  const line = lines[at];
  if (!line.trim() || DEFINITION.test(line)) return [null, at + 1];
  const heading = line.match(/^(#{1,6})\s+(.*?)\s*#*$/);
  if (heading) return [el(`h${Math.min(6, heading[1].length + 1)}`, {}, ...inline(heading[2])), at + 1];
  if (/^```/.test(line)) return fenced(lines, at);
  if (/^ {0,3}([-*_])( *\1){2,}\s*$/.test(line)) return [el("hr"), at + 1];
  if (line.startsWith(">")) return quote(lines, at);
  if (ITEM.test(line)) return list(lines, at);
  if (line.includes("|") && /^[\s|:-]+$/.test(lines[at + 1] || "") && lines[at + 1].includes("-")) return table(lines, at);
  return paragraph(lines, at);
}

function fenced(lines, at) {
  const [fence] = lines[at].match(/^`+/);
  let end = at + 1;
  while (end < lines.length && !(lines[end].startsWith(fence) && /^`+\s*$/.test(lines[end]))) end += 1;
  return [el("pre", {}, lines.slice(at + 1, end).join("\n")), end + 1];
}

function quote(lines, at) {
  let end = at;
  while (end < lines.length && lines[end].startsWith(">")) end += 1;
  return [el("blockquote", {}, ...blocks(lines.slice(at, end).map((line) => line.replace(/^>\s?/, ""))).childNodes), end];
}

function list(lines, at) {
  const [, indent, mark] = lines[at].match(ITEM);
  const node = el(/\d/.test(mark) ? "ol" : "ul");
  while (at < lines.length) {
    const item = lines[at].match(ITEM);
    if (!item || item[1].length < indent.length) break;
    if (item[1].length > indent.length) {
      const [inner, next] = list(lines, at);
      (node.lastChild || node).append(inner);
      at = next;
      continue;
    }
    const [inner, next] = itemLines(lines, at, item);
    at = next;
    node.append(el("li", {}, ...itemNodes(inner)));
    if (!lines[at]?.trim() && ITEM.test(lines[at + 1] || "")) at += 1;
  }
  return [node, at];
}

// The lines of an item without its indent: until one that is not indented or begins an item, outside of code.
function itemLines(lines, at, [, indent, mark, first]) {
  const inner = [first];
  const width = indent.length + mark.length + 1;
  let fence = "";
  for (at += 1; at < lines.length; at += 1) {
    if (!fence && (!/^\s+\S/.test(lines[at]) || ITEM.test(lines[at]))) break;
    const line = lines[at].replace(new RegExp(`^ {0,${width}}`), "");
    const ticks = line.match(/^(`{3,})[^`]*$/);
    if (ticks && !fence) fence = ticks[1];
    else if (ticks && ticks[1].length >= fence.length) fence = "";
    inner.push(line);
  }
  return [inner, at];
}

function itemNodes(lines) {
  return [...blocks(lines).childNodes].flatMap((node) => (node.tagName === "P" ? [...node.childNodes] : [node]));
}

const cells = (line) => line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => inline(cell.trim()));

function table(lines, at) {
  const head = el("tr", {}, ...cells(lines[at]).map((cell) => el("th", { scope: "col" }, ...cell)));
  const rows = [];
  for (at += 2; at < lines.length && lines[at].includes("|"); at += 1) rows.push(el("tr", {}, ...cells(lines[at]).map((cell) => el("td", {}, ...cell))));
  return [el("div.wide", { tabindex: "0", role: "region", "aria-label": "Table" }, el("table", {}, el("thead", {}, head), el("tbody", {}, ...rows))), at];
}

function paragraph(lines, at) {
  let end = at;
  while (end < lines.length && lines[end].trim() && !/^(#{1,6}\s|```|>)/.test(lines[end]) && !(end > at && ITEM.test(lines[end]))) end += 1;
  const parts = lines.slice(at, end).flatMap((line, index, all) => [...inline(line.trim()), index < all.length - 1 ? (/( {2}|\\)$/.test(line) ? el("br") : " ") : ""]);
  return [el("p", {}, ...parts), end];
}

const PIECES = /\[\[(\d+)\]\]|\\([\\`*_{}[\]()#+.!|<>~-])|`([^`]+)`|\[((?:[^\][]|\\[[\]])*)\]\((<[^>]*>|[^()\s]*)(?:\s+"[^"]*")?\)|\*\*(?=\S)(.+?)(?<=\S)\*\*|(?<![\w*])\*(?=\S)(.+?)(?<=\S)\*(?!\w)|(?<!\w)_(?=\S)(.+?)(?<=\S)_(?!\w)|~~(.+?)~~|<((?:https?|mailto):[^>\s]+)>/g;

function inline(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(PIECES)) {
    if (match.index > end) nodes.push(entities(text.slice(end, match.index)));
    end = match.index + match[0].length;
    const [whole, number, escaped, code, label, target, bold, star, under, struck, auto] = match;
    if (number) nodes.push(addresses.has(number) ? link(addresses.get(number), [`[${number}]`]) : whole);
    else if (escaped) nodes.push(escaped);
    else if (code !== undefined) nodes.push(el("code", {}, code));
    else if (target !== undefined) nodes.push(link(target.replace(/^<|>$/g, ""), inline(label)));
    else if (bold) nodes.push(el("strong", {}, ...inline(bold)));
    else if (star || under) nodes.push(el("em", {}, ...inline(star || under)));
    else if (struck) nodes.push(el("s", {}, ...inline(struck)));
    else nodes.push(link(auto, [auto]));
  }
  if (end < text.length) nodes.push(entities(text.slice(end)));
  return nodes;
}

const entities = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&amp;", "&");

function link(href, label) {
  if (!/^(https?:|mailto:|\/|#)/.test(href)) return el("span", {}, ...label);
  const isSource = label.length === 1 && /^(↗|\[\d+\])$/.test(label[0]);
  return el(isSource ? "a.source" : "a", { href, target: "_blank", rel: "noreferrer", "aria-label": isSource ? `Source ${label[0].replace(/[[\]↗]/g, "")}`.trim() : null }, ...label);
}
