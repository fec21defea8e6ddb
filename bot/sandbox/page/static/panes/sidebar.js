// Where one can go: channels with what is new in them, direct messages, and who else one could be.

import { ask } from "/static/api.js";
import { byId, el, reconcile, roving } from "/static/dom.js";
import { menu } from "/static/popover.js";
import { addressOf, state, titleOf, world } from "/static/world.js";

export function showSidebar() {
  const channels = [...state.channels.values()];
  const named = channels.filter((each) => !each.is_im).sort((a, b) => a.is_archived - b.is_archived || a.name.localeCompare(b.name));
  fill("channels", named.filter((each) => each.is_member));
  fill("others", named.filter((each) => !each.is_member));
  byId("others-heading").hidden = !named.some((each) => !each.is_member);
  fill("directs", channels.filter((each) => each.is_im));
}

function fill(id, channels) {
  reconcile(byId(id), channels.map((channel) => {
    const counts = state.unread[channel.id];
    const isHere = channel.id === state.channel;
    return {
      key: channel.id,
      sign: JSON.stringify([titleOf(channel), counts, isHere, channel.is_archived, state.me]),
      make: () => el("li", {}, link(channel, counts, isHere)),
    };
  }));
}

function link(channel, counts, isHere) {
  const classes = ["a", channel.is_archived && "archived", counts && "unread"].filter(Boolean).join(".");
  const name = channel.is_im ? world.realName(channel.user) : channel.name;
  const sign = channel.is_im ? el("img", { src: `/avatar/${channel.user}.svg`, alt: "" })
    : el("span.sign", { "aria-hidden": "true" }, channel.is_private ? "🔒" : "#");
  const told = counts ? `, ${counts.new} unread${counts.mentions ? `, ${counts.mentions} for you` : ""}` : "";
  return el(classes, {
    href: addressOf(channel.id), "aria-current": isHere ? "page" : null,
    "aria-label": told || channel.is_archived || channel.is_private
      ? `${name}${told}${channel.is_private ? ", private" : ""}${channel.is_archived ? ", archived" : ""}` : null,
  }, sign, el("span.name", {}, name), counts?.mentions > 0 && el("span.count", { "aria-hidden": "true" }, String(counts.mentions)));
}

export function showPeople() {
  const choice = byId("me");
  choice.replaceChildren(...world.humans().map((user) => el("option", { value: user.id, selected: user.id === state.me }, user.real_name)));
}

export function wireSidebar({ goTo, become }) {
  roving(byId("side"), "a");
  const drawer = byId("drawer");
  const slide = (isOpen) => {
    document.body.classList.toggle("drawer-open", isOpen);
    drawer.setAttribute("aria-expanded", String(isOpen));
  };
  drawer.addEventListener("click", () => {
    slide(!document.body.classList.contains("drawer-open"));
    if (document.body.classList.contains("drawer-open")) byId("side").querySelector("a")?.focus();
  });
  byId("side").addEventListener("click", (event) => { if (event.target.closest("a")) slide(false); });
  byId("side").addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.classList.contains("drawer-open")) { slide(false); drawer.focus(); }
  });
  byId("veil").addEventListener("click", () => slide(false));
  byId("me").addEventListener("change", (event) => become(event.target.value));
  byId("another").addEventListener("click", (event) => menu(event.currentTarget, "Open another tab as", world.humans()
    .filter((user) => user.id !== state.me)
    .map((user) => ({ label: user.real_name, about: `@${user.name}`, run: () => window.open(addressOf(state.channel, "", user.id), "_blank") }))));
  byId("write-to").addEventListener("click", (event) => menu(event.currentTarget, "Write to", world.people()
    .filter((user) => user.id !== state.me)
    .map((user) => ({ label: user.real_name, about: `@${user.name}`, run: async () => goTo(await ask("open_dm", { user: state.me, with_user: user.id })) }))));
}
