// Messages as a list: days, what is new, who wrote what. Those that did not change stay as they are.

import { el, reconcile } from "/static/dom.js";
import { renderMessage } from "/static/messages/message.js";
import { day } from "/static/text/times.js";

const GATHER = 300;
const NEAR = 120;

// `view`: { world, me, act, page, marked, isReached, newFrom, inThread }; `list` is an <ol> in a box that scrolls.
export function renderMessages(list, messages, view) {
  const box = list.parentElement;
  const wasAtEnd = isAtEnd(box);
  const wanted = [];
  let before = null;
  for (const message of messages) {
    if (!before || day(before.ts) !== day(message.ts)) {
      wanted.push(line(`day ${message.ts}`, "day", day(message.ts)));
      before = null;
    }
    if (view.newFrom && message.ts > view.newFrom && (!before || before.ts <= view.newFrom) && message.user !== view.me) {
      wanted.push(line("new", "new-line", "New"));
      before = null;
    }
    wanted.push(one(message, before, view));
    before = message;
  }
  if (!messages.length && !view.inThread) wanted.push(line("empty", "empty", "No messages yet."));
  reconcile(list, wanted);
  const found = view.marked && !view.isReached && list.querySelector(`[data-key="${view.marked}"]`);
  if (found) {
    found.scrollIntoView({ block: "center" });
    found.focus({ preventScroll: true });
  } else if (wasAtEnd || view.toEnd) box.scrollTop = box.scrollHeight;
}

const isAtEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;

// Who looks at the newest message goes on doing so when the box becomes narrower or lower.
export function staysAtEnd(box) {
  let was = true;
  box.addEventListener("scroll", () => { was = isAtEnd(box); });
  new ResizeObserver(() => { if (was) box.scrollTop = box.scrollHeight; }).observe(box);
}

const line = (key, kind, words) => ({ key, sign: words, make: () => el(`li.${kind}`, {}, el("span", {}, words)) });

function one(message, before, view) {
  const joined = follows(message, before);
  const isMarked = message.ts === view.marked;
  return {
    key: message.ts,
    sign: JSON.stringify([message, joined, isMarked, view.me]),
    make: () => renderMessage(message, joined, isMarked, view),
  };
}

function follows(message, before) {
  return Boolean(before) && before.user === message.user && !message.subtype && !before.subtype && !message.is_ephemeral
    && !before.is_ephemeral && Number(message.ts) - Number(before.ts) < GATHER && Boolean(message.bot_id) === Boolean(before.bot_id);
}
