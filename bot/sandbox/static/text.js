// Slack's markup to nodes. `world` knows users, groups and channels by id.

import { el } from "/static/dom.js";
import { emoji } from "/static/emoji.js";

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
  if (target.startsWith("@")) return el("span.mention", {}, `@${world.userName(target.slice(1)) || label}`);
  if (target.startsWith("#")) {
    const name = world.channelName(target.slice(1)) || label;
    return el("a.mention", { href: `/archives/${target.slice(1)}`, "data-channel": target.slice(1) }, `#${name}`);
  }
  if (target.startsWith("!subteam^")) return el("span.mention", {}, label || `@${world.groupName(target.slice(9))}`);
  if (target.startsWith("!date^")) return date(target, label);
  if (target.startsWith("!")) return el("span.mention", {}, `@${label || target.slice(1)}`);
  const href = unescape(target);
  if (!/^(https?|mailto):/.test(href)) return `<${unescape(token)}>`;
  return el("a", { href, target: "_blank", rel: "noreferrer" }, label || href.replace(/^mailto:/, ""));
}

const WEEK = 7 * 86400;
const style = (options) => (at) => new Intl.DateTimeFormat(undefined, options).format(at);
const pretty = (short) => (at) => {
  const days = Math.round((new Date(at).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / 86400000);
  if (Math.abs(days) <= 1) return ["yesterday", "today", "tomorrow"][days + 1];
  return style({ day: "numeric", month: short ? "short" : "long", year: Math.abs(Date.now() - at) > 26 * WEEK * 1000 ? "numeric" : undefined })(at);
};
const DATES = {
  date_num: (at) => at.toISOString().slice(0, 10),
  date: style({ day: "numeric", month: "long", year: "numeric" }),
  date_short: style({ day: "numeric", month: "short", year: "numeric" }),
  date_long: style({ weekday: "long", day: "numeric", month: "long", year: "numeric" }),
  date_pretty: pretty(false), date_short_pretty: pretty(true), date_long_pretty: pretty(false),
  time: style({ hour: "2-digit", minute: "2-digit" }),
  time_secs: style({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  ago: (at) => {
    const minutes = Math.round((Date.now() - at) / 60000);
    return minutes < 60 ? `${minutes} minutes ago` : `${Math.round(minutes / 60)} hours ago`;
  },
};

function date(target, fallback) {
  const [, seconds, format, link] = target.split("^");
  const at = new Date(Number(seconds) * 1000);
  if (Number.isNaN(at.getTime()) || !format) return fallback;
  const shown = format.replace(/\{(\w+)\}/g, (all, name) => (DATES[name] ? DATES[name](at) : all));
  const node = el("time", { datetime: at.toISOString(), title: at.toLocaleString() }, shown);
  return link ? el("a", { href: link }, node) : node;
}
