// What is looked at: a channel's messages, or the app's Home; its head, and that it was read.

import { ask } from "/static/api.js";
import { byId, el } from "/static/dom.js";
import { renderBlocks } from "/static/blocks/blocks.js";
import { renderMessages } from "/static/messages/messages.js";
import { showBar } from "/static/panes/documents.js";
import { showMembers, showPins } from "/static/panes/pane.js";
import { here, markRead, readUpTo, state, titleOf, world } from "/static/world.js";

let drawn = "";

export async function showChannel(view, { goTo, run }) {
  const channel = here();
  if (!channel) return;
  await showHead(channel, view, { goTo, run });
  const wanted = state.channel;
  const messages = await ask("messages", { channel: wanted, user: state.me, threads: false });
  if (wanted !== state.channel) return;
  const isNew = drawn !== wanted + state.me;
  drawn = wanted + state.me;
  if (isNew) state.newFrom = state.unread[wanted] ? readUpTo(wanted) : "";
  const { marked, reached, newFrom } = state;
  renderMessages(byId("messages"), messages, { ...view, marked, isReached: marked === reached, newFrom, toEnd: isNew && !marked });
  state.reached = marked;
  if (!document.hidden) markRead(wanted, messages.filter((each) => !each.is_ephemeral).at(-1)?.ts);
}

async function showHead(channel, view, { goTo, run }) {
  const title = titleOf(channel);
  const unread = Object.values(state.unread).some((each) => each.mentions);
  document.title = `${unread ? "● " : ""}${title} · ${state.page.team.name}`;
  byId("name").textContent = title;
  byId("topic").textContent = channel.topic?.value || channel.purpose?.value || "";
  byId("text").placeholder = channel.is_archived ? "This channel is archived" : `Message ${title}, or /command`;
  showTabs(channel, view);
  showBar(channel, view);
  if (channel.is_im) return byId("head-tools").replaceChildren();
  const pins = (await ask("pins", { channel: channel.id })).length;
  const writeTo = async (user) => goTo(await ask("open_dm", { user: state.me, with_user: user }));
  const sign = JSON.stringify([channel.id, pins, channel.num_members, channel.is_member, state.me]);
  const box = byId("head-tools");
  if (box.sign === sign && box.children.length) return null;
  box.sign = sign;
  return box.replaceChildren(...[
    !channel.is_member && !channel.is_archived && el("button", { type: "button", onclick: () => run(ask("join", { user: state.me, channel: channel.id })) }, "Join"),
    pins > 0 && el("button", { type: "button", "aria-label": `Pinned: ${pins}`, onclick: () => showPins(view) }, `📌 ${pins}`),
    el("button", { type: "button", "aria-label": `People: ${channel.num_members}`, onclick: () => showMembers(writeTo) }, `👥 ${channel.num_members}`),
  ].filter(Boolean));
}

// A conversation with the app has two sides: what was said, and its Home.
function showTabs(channel, view) {
  const isApp = channel.is_im && channel.user === world.botUser;
  if (!isApp) state.tab = "messages";
  byId("tabs").hidden = !isApp;
  byId("home").hidden = state.tab !== "home";
  byId("log").hidden = byId("composer").hidden = state.tab === "home";
  if (!isApp) return;
  byId("tabs").replaceChildren(...["messages", "home"].map((tab) => el("button", {
    type: "button", role: "tab", id: `tab-${tab}`, "aria-selected": String(state.tab === tab), "aria-controls": tab === "home" ? "home" : "log",
    tabindex: state.tab === tab ? "0" : "-1",
    onclick: () => chooseTab(tab, channel, view),
    onkeydown: (event) => {
      if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      chooseTab(tab === "home" ? "messages" : "home", channel, view);
      byId(`tab-${state.tab}`).focus();
    },
  }, tab === "home" ? "Home" : "Messages")));
}

async function chooseTab(tab, channel, view) {
  state.tab = tab;
  showTabs(channel, view);
  byId(`tab-${tab}`).focus();
  await ask("open_home", { user: state.me, tab });
  await showHome(view);
}

export async function showHome({ act }) {
  if (state.tab !== "home") return;
  const view = await ask("home", { user: state.me });
  const context = {
    world, use: (block, element, value) => act.run(ask("click_view", { user: state.me, view_id: view.id, action_id: `${block.block_id}.${element.action_id}`, value })),
    suggest: (element, query) => ask("suggest", { user: state.me, action_id: element.action_id, query, view_id: view.id }),
  };
  byId("home").replaceChildren(...(view ? renderBlocks(view.blocks, context) : [el("p.soft", {}, `${state.page.app.name} has nothing on its Home tab.`)]));
}
