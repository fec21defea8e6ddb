// The first visit: what to try, how far one got, what waits to be sent; and the small signs of it at the top.

import { ask } from "/static/api.js";
import { byId, el } from "/static/dom.js";
import { closePane, openPane, paneShows } from "/static/panes/pane.js";
import { mrkdwn } from "/static/text/text.js";
import { ago } from "/static/text/times.js";
import { state, world } from "/static/world.js";

const HIDDEN = "guide hidden";
let act = null;

export function wireGuide(does) {
  act = does;
  const button = byId("try");
  button.hidden = !state.page.guide;
  button.addEventListener("click", () => (paneShows() === "guide" ? closePane() : showGuide()));
  setInterval(() => { showStage(); }, 1000);
}

export const wantsGuide = () => Boolean(state.page.guide) && !localStorage.getItem(HIDDEN);

// Closing it is saying no; closing what was shown in its place brings it back, where there is room beside the messages.
export function paneClosed(kind) {
  if (kind === "guide") localStorage.setItem(HIDDEN, "yes");
  else if (wantsGuide() && innerWidth > 900) showGuide();
}

export function showGuide() {
  const { guide } = state.page;
  localStorage.removeItem(HIDDEN);
  const groups = guide.groups.map((group) => el("section", {}, el("h3", {}, group.heading),
    el("ul.tries", {}, ...group.suggestions.map((each) => el("li", {},
      el("button", { type: "button", "aria-label": each.label, title: each.about, onclick: (event) => press(event.currentTarget, each) }, each.label, el("small", {}, each.about)))))));
  openPane("guide", guide.title, [
    el("p.soft", {}, guide.words), groups[0],
    state.stage.steps.length > 0 && el("section", {}, el("h3", {}, "Then"), el("ol.steps", { id: "steps" })), ...groups.slice(1),
    state.stage.waiting && el("section.at-foot", {}, el("h3", { id: "waiting-heading" }, "Waiting to be sent"), el("div.waiting", { id: "waiting", role: "region", "aria-labelledby": "waiting-heading" })),
    guide.plays.length > 0 && el("section", {}, el("h3", {}, "Stories"), stories(guide.plays)),
  ].flat().filter(Boolean));
  showStage();
}

function stories(plays) {
  const which = el("select", { "aria-label": "Story" }, ...plays.map((play) => el("option", { value: play.name }, `${play.title} (${play.steps} steps)`)));
  const speed = el("select", { "aria-label": "Speed" }, ...[["1", "normal speed"], ["10", "10 × faster"], ["0", "at once"]].map(([value, label]) => el("option", { value }, label)));
  return el("form.stories", { onsubmit: (event) => { event.preventDefault(); act.run(ask("run_play", { name: which.value, speed: Number(speed.value) })); fold(); } },
    which, speed, el("button", { type: "submit" }, "Play"));
}

async function press(button, each) {
  if (each.types) {
    fold();
    await act.type(each.types);
    return;
  }
  button.disabled = true;
  await act.run(ask("run_action", { label: each.label }));
  button.disabled = false;
  fold();
}

// On a phone the card covers what it starts.
function fold() {
  if (innerWidth > 900) return;
  closePane();
  localStorage.removeItem(HIDDEN);
}

// --- how things stand

const left = (until) => Math.max(0, Math.ceil(until - Date.now() / 1000));

export function showStage() {
  const { stage } = state;
  const chips = [];
  for (const each of stage.doing) {
    chips.push(el(each.failed ? "span.chip.bad" : "span.chip", {}, each.until ? `${each.label}, ${left(each.until)} s more` : each.label));
  }
  if (!stage.connected && !stage.down) chips.push(el("span.chip.bad", {}, `${state.page.app.name} is not connected`));
  if (stage.waiting?.length) {
    const count = stage.waiting.length;
    chips.push(el("button.chip", { type: "button", onclick: showGuide }, `${count} waiting to be sent`));
  }
  put(byId("chips"), chips);
  if (paneShows() === "guide") showStanding(stage);
}

function showStanding(stage) {
  const steps = byId("steps");
  if (!steps) return;
  const next = stage.steps.findIndex((step) => !step.done);
  put(steps, stage.steps.map((step, index) => el(step.done ? "li.done" : index === next ? "li.next" : "li", {},
    el("span.tick", { role: "img", "aria-label": step.done ? "done" : "to do" }, step.done ? "✓" : String(index + 1)), mrkdwn(step.text, world))));
  const waiting = byId("waiting");
  if (!waiting) return;
  put(waiting, stage.waiting?.length ? [el("ul", {}, ...stage.waiting.map((row) => el("li", {},
    el("b", {}, row.what), row.about && el("span.about", {}, ` ${row.about}`),
    el("small", {}, [row.since && `since ${ago(row.since * 1000)}`.replace("since just now", "just now").replace(/since (.*) ago/, "for $1"), row.why].filter(Boolean).join(" · ")))))]
    : [el("p.soft", {}, "Nothing: everything has reached Slack.")]);
}

function put(box, nodes) {
  const fresh = nodes.map((node) => node.outerHTML).join("");
  if (box.sign === fresh) return;
  box.sign = fresh;
  box.replaceChildren(...nodes);
}
