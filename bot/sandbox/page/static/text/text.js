// Slack's markup to nodes. `world` knows users, groups and channels by id.

import { el } from "/static/dom.js";
import { emoji } from "/static/text/emoji.js";
import { dateMark } from "/static/text/times.js";

const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

export function mrkdwn(text, world) {
  const box = el("div.text");
  text.split(/```\n?([\s\S]*?)```/).forEach((part, index) => {
    if (index % 2) box.append(el("pre", {}, unescape(part.replace(/\n$/, ""))));
    else lines(part, world).forEach((node) => box.append(node));
  });
  return box;
}

export function plain(text) {
  const box = el("span.text");
  text.split(/(:[a-z0-9_+'-]+(?:::skin-tone-\d)?:)/).forEach((part, index) => {
    box.append(index % 2 ? emoji(part.slice(1, -1)) : part);
  });
  return box;
}

function lines(text, world) {
  const nodes = [];
  let quote = null;
  text.split("\n").forEach((line, index) => {
    const quoted = line.match(/^(?:&gt;|>)\s?(.*)$/);
    if (quoted) {
      if (!quote) nodes.push((quote = el("blockquote")));
      else quote.append(el("br"));
      quote.append(...inline(quoted[1], world));
      return;
    }
    if (index && !quote && nodes.length) nodes.push(el("br"));
    quote = null;
    nodes.push(...inline(line, world));
  });
  return nodes;
}

const PIECES = /`([^`\n]+)`|<([^<>\n]+)>|(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])|(?<![\w_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])|(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])|:([a-z0-9_+'-]+(?:::skin-tone-\d)?):/g;

function inline(text, world) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(PIECES)) {
    if (match.index > end) nodes.push(unescape(text.slice(end, match.index)));
    end = match.index + match[0].length;
    const [, code, token, bold, italic, struck, short] = match;
    if (code !== undefined) nodes.push(el("code", {}, unescape(code)));
    else if (token !== undefined) nodes.push(angle(token, world));
    else if (bold !== undefined) nodes.push(el("strong", {}, ...inline(bold, world)));
    else if (italic !== undefined) nodes.push(el("em", {}, ...inline(italic, world)));
    else if (struck !== undefined) nodes.push(el("s", {}, ...inline(struck, world)));
    else nodes.push(emoji(short));
  }
  if (end < text.length) nodes.push(unescape(text.slice(end)));
  return nodes;
}

function angle(token, world) {
  const bar = token.indexOf("|");
  const target = bar < 0 ? token : token.slice(0, bar);
  const label = bar < 0 ? "" : unescape(token.slice(bar + 1));
  if (target.startsWith("@")) {
    const id = target.slice(1);
    return el(id === world.me ? "span.mention.me" : "span.mention", { title: world.realName(id) }, `@${world.userName(id) || label || id}`);
  }
  if (target.startsWith("#")) {
    const name = world.channelName(target.slice(1)) || label;
    if (!name) return el("span.mention", {}, "#a-private-channel");
    return el("a.mention", { href: `/archives/${target.slice(1)}` }, `#${name}`);
  }
  if (target.startsWith("!subteam^")) return el("span.mention", {}, label || `@${world.groupName(target.slice(9))}`);
  if (target.startsWith("!date^")) return dateMark(target, label);
  if (target.startsWith("!")) return el("span.mention", {}, `@${label || target.slice(1)}`);
  const href = unescape(target);
  if (!/^(https?|mailto):/.test(href)) return `<${unescape(token)}>`;
  return el("a", { href, target: "_blank", rel: "noreferrer" }, label || href.replace(/^mailto:/, ""));
}

// Slack's markup as people would type it again: for editing what one wrote.
export function typedAgain(text, world) {
  return unescape(text.replace(/<([^<>\n]+)>/g, (all, token) => {
    const [target, label] = token.split("|");
    if (target.startsWith("@")) return `@${world.userName(target.slice(1)) || label}`;
    if (target.startsWith("#")) return `#${world.channelName(target.slice(1)) || label}`;
    if (target.startsWith("!subteam^")) return label || `@${world.groupName(target.slice(9))}`;
    if (target.startsWith("!")) return `@${target.slice(1)}`;
    return label && !target.startsWith("mailto:") && target !== label ? all : label || target;
  }));
}
