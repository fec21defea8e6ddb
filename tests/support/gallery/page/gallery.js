// Every message and view of the bot, one after the other. Nothing here is sent anywhere.

import { pageState } from "/static/api.js";
import { renderBlocks } from "/static/blocks/blocks.js";
import { byId, el } from "/static/dom.js";
import { mrkdwn } from "/static/text/text.js";
import { loadPeople, state, world } from "/static/world.js";

let copies = 0;

function context(scheme) {
  copies += 1;
  return { world, values: {}, use: () => {}, suggest: async () => [], scheme };
}

const KINDS = {
  message: (payload, scheme) => el("div.message", {}, el("img.face", { src: `/avatar/${world.botUser}.svg`, alt: "" }),
    el("div.body", {}, el("div.by", {}, el("strong", {}, state.page.app.name), el("span.tag", {}, "app")),
      el("div.contents", {}, ...contents(payload, scheme)))),
  modal: (payload, scheme) => el("div.sheet", {}, el("div.head", {}, el("h3", {}, payload.title.text)),
    el("div.content", {}, ...renderBlocks(own(payload.blocks), context(scheme))),
    el("footer", {}, el("span.button", {}, payload.close?.text || "Cancel"), payload.submit && el("span.button.primary", {}, payload.submit.text))),
  home: (payload, scheme) => el("div.sheet", {}, el("div.content", {}, ...renderBlocks(own(payload.blocks), context(scheme)))),
  text: (payload) => el("div.message", {}, el("div.body", {}, mrkdwn(typeof payload === "string" ? payload : payload.text, world))),
};

function contents(payload, scheme) {
  const nodes = payload.blocks ? renderBlocks(own(payload.blocks), context(scheme)) : [mrkdwn(payload.text || "", world)];
  return [...nodes, payload.blocks && el("p.spoken", {}, `In a notification: ${payload.text || "nothing"}`)];
}

// The page shows each twice, and no two fields may have one name.
const own = (blocks) => blocks.map((block, index) => ({ ...block, block_id: `${block.block_id || `b${index}`}-${copies}` }));

function exhibit(each) {
  const show = KINDS[each.kind] || KINDS.text;
  const copy = (scheme) => el(`div.copy.${scheme}`, {}, show(each.payload, scheme));
  return el("section", { "data-name": each.name }, el("h2", {}, each.name, el("small", {}, ` ${each.kind}`)), el("div.pair", {}, copy("light"), copy("dark")));
}

function choose() {
  const wanted = byId("find").value.toLowerCase();
  byId("exhibits").className = `show-${byId("scheme").value} ${byId("width").value}`;
  let count = 0;
  for (const section of byId("exhibits").children) {
    section.hidden = !section.dataset.name.toLowerCase().includes(wanted);
    count += !section.hidden;
  }
  byId("count").textContent = `${count} of ${byId("exhibits").children.length}`;
}

state.page = await pageState();
await loadPeople();
history.replaceState(null, "", "/gallery");
const exhibits = await (await fetch("/gallery/exhibits")).json();
byId("exhibits").replaceChildren(...exhibits.map(exhibit));
for (const id of ["find", "scheme", "width"]) byId(id).addEventListener("input", choose);
choose();
document.body.dataset.ready = "yes";
