// Times as the reader's clock shows them. `<!date^…>` marks are kept up to date while they say how long ago.

import { el } from "/static/dom.js";

const style = (options) => (at) => new Intl.DateTimeFormat("en-GB", options).format(at);
const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

export const clock = (ts) => style(CLOCK)(new Date(Number(ts) * 1000));
export const full = (ts) => style({ dateStyle: "full", timeStyle: "medium", hourCycle: "h23" })(new Date(Number(ts) * 1000));
export const day = (ts) => {
  const at = new Date(Number(ts) * 1000);
  const near = nearDay(at);
  return near ? near[0].toUpperCase() + near.slice(1) : style({ weekday: "long", day: "numeric", month: "long", year: "numeric" })(at);
};

function nearDay(at) {
  const days = Math.round((new Date(at).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / 86400000);
  return Math.abs(days) <= 1 ? ["yesterday", "today", "tomorrow"][days + 1] : null;
}

const HALF_YEAR = 183 * 86400000;
const pretty = (options) => (at) =>
  nearDay(at) || style({ ...options, year: Math.abs(Date.now() - at) > HALF_YEAR ? "numeric" : undefined })(at);

export function ago(at) {
  const seconds = Math.round((Date.now() - at) / 1000);
  const passed = Math.abs(seconds);
  const [size, name] = [[86400, "day"], [3600, "hour"], [60, "minute"]].find(([each]) => passed >= each) || [];
  if (!size) return seconds < 0 ? "in a moment" : "just now";
  const count = Math.floor(passed / size);
  const words = `${count} ${name}${count === 1 ? "" : "s"}`;
  return seconds < 0 ? `in ${words}` : `${words} ago`;
}

const FORMATS = {
  date_num: (at) => `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`,
  date: style({ day: "numeric", month: "long", year: "numeric" }),
  date_short: style({ day: "numeric", month: "short", year: "numeric" }),
  date_long: style({ weekday: "long", day: "numeric", month: "long", year: "numeric" }),
  date_pretty: pretty({ day: "numeric", month: "long" }),
  date_short_pretty: pretty({ day: "numeric", month: "short" }),
  date_long_pretty: pretty({ weekday: "long", day: "numeric", month: "long" }),
  day_divider_pretty: pretty({ weekday: "long", day: "numeric", month: "long" }),
  time: style(CLOCK),
  time_secs: style({ ...CLOCK, second: "2-digit" }),
  ago,
};

const fill = (at, format) => format.replace(/\{(\w+)\}/g, (all, name) => (FORMATS[name] ? FORMATS[name](at) : all));

// The mark without its angle brackets: `!date^1700000000^{time}^https://link`; `fallback` is what stands behind its bar.
export function dateMark(target, fallback) {
  const [, seconds, format, link] = target.split("^");
  const at = new Date(Number(seconds) * 1000);
  if (!seconds || Number.isNaN(at.getTime()) || !format) return fallback;
  const node = el("time", { datetime: at.toISOString(), title: full(seconds), "data-format": format }, fill(at, format));
  return link ? el("a", { href: link, target: "_blank", rel: "noreferrer" }, node) : node;
}

setInterval(() => {
  for (const node of document.querySelectorAll("time[data-format*='{ago}']")) {
    node.textContent = fill(new Date(node.dateTime), node.dataset.format);
  }
}, 15000);
