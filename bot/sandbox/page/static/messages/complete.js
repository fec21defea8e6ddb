// What could be meant by what is being typed: commands, people and groups, channels, emoji.

import { EMOJI, emoji } from "/static/text/emoji.js";
import { world } from "/static/world.js";

const MOST = 8;
const ONLY_HERE = "Help of the sandbox, not in Slack";

// { from, items: [{ insert, label, about, sign }], eager, hint, about } or null. `from`: where the text to replace begins;
// `eager`: the first is chosen already, so that Enter takes it; `hint` and `about`: a line above the field.
export function complete(text, caret, page) {
  const typed = text.slice(0, caret);
  if (/^\/\S*(\s+\S*)?$/.test(typed) && caret === text.length) return commands(typed, page.commands);
  const word = typed.match(/(?:^|[\s(])([@#:])([\w.+'-]*)$/);
  if (!word) return usage(typed, page.commands);
  const [, sign, part] = word;
  if (sign === ":" && part.length < 2) return null;
  const found = { "@": people, "#": channels, ":": smileys }[sign](part.toLowerCase(), page);
  return found.length ? { from: caret - part.length - 1, items: found.slice(0, MOST), eager: true } : null;
}

const firstWord = (each) => each.usage.split(" ")[0].replace(/[^a-z-].*$/, "");

function commands(typed, known) {
  const line = typed.replace(/\s+/g, " ").toLowerCase();
  const items = known
    .map((each) => ({ insert: `${`${each.name} ${firstWord(each)}`.trim()} `, label: `${each.name} ${each.usage}`.trim(), about: each.summary }))
    .filter((item) => item.insert.toLowerCase().startsWith(line));
  return items.length ? { from: 0, items, eager: false, hint: ONLY_HERE, about: "" } : usage(typed, known);
}

// Beyond the first words: how the command goes on.
function usage(typed, known) {
  if (!typed.startsWith("/")) return null;
  const found = known.find((each) => firstWord(each) && typed.toLowerCase().startsWith(`${each.name} ${firstWord(each)} `));
  return found ? { from: 0, items: [], hint: `${found.name} ${found.usage}`, about: `${found.summary} (${ONLY_HERE})` } : null;
}

function people(part) {
  const fits = (...names) => names.some((name) => name.toLowerCase().includes(part));
  const order = (user) => (user.is_bot ? 4 : 0) + (user.id === world.me ? 2 : 0) + (user.name.startsWith(part) ? 0 : 1);
  return [
    ...world.people().filter((user) => fits(user.name, user.real_name)).sort((a, b) => order(a) - order(b))
      .map((user) => ({ insert: `@${user.name} `, label: `@${user.name}`, about: user.real_name, face: user.id })),
    ...world.groups().filter((group) => fits(group.handle, group.name))
      .map((group) => ({ insert: `@${group.handle} `, label: `@${group.handle}`, about: `${group.name}, a group`, sign: "👥" })),
    ...["here", "channel"].filter((name) => fits(name)).map((name) => ({ insert: `@${name} `, label: `@${name}`, about: "everybody here", sign: "📢" })),
  ];
}

const channels = (part) => world.places().filter((place) => place.name.includes(part))
  .map((place) => ({ insert: `#${place.name} `, label: `#${place.name}`, about: place.topic?.value || "", sign: "" }));

function smileys(part, page) {
  const names = [...new Set([...Object.keys(page.marks), ...EMOJI.keys()])].filter((name) => name.includes(part) || page.marks[name]?.includes(part));
  names.sort((a, b) => b.startsWith(part) - a.startsWith(part));
  return names.map((name) => ({ insert: `:${name}: `, label: `:${name}:`, about: page.marks[name] || "", sign: emoji(name) }));
}
