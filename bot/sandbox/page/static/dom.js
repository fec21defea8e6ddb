// Making elements: el("p.soft", { title: "…" }, "text", child); and bringing a list up to date without losing its place.

export function el(what, props = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key in node && typeof value !== "string") node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return node;
}

export const byId = (id) => document.getElementById(id);

const FOCUSABLE = "button:not([disabled]), a[href], input, select, textarea, [tabindex]";
export const focusables = (node) => [...node.querySelectorAll(FOCUSABLE)].filter((each) => each.offsetParent !== null);

// `wanted`: [{ key, sign, make }]. What has the same sign stays as it is, with whatever is open, hovered or typed in it;
// what is made anew gets the focus back that its predecessor had. A node of class `busy` is left alone.
export function reconcile(list, wanted) {
  const before = new Map([...list.children].map((child) => [child.dataset.key, child]));
  let at = list.firstChild;
  for (const { key, sign, make } of wanted) {
    let node = before.get(key);
    before.delete(key);
    if (!node || (node.sign !== sign && !node.classList.contains("busy"))) {
      const fresh = make();
      fresh.dataset.key = key;
      fresh.sign = sign;
      if (node) {
        if (at === node) at = node.nextSibling;
        const place = placeOfFocus(node);
        node.replaceWith(fresh);
        if (place !== null) restoreFocus(fresh, place);
      }
      node = fresh;
    }
    if (node === at) at = at.nextSibling;
    else list.insertBefore(node, at);
  }
  before.forEach((node) => node.remove());
}

function placeOfFocus(node) {
  if (!node.contains(document.activeElement)) return null;
  return document.activeElement === node ? -1 : focusables(node).indexOf(document.activeElement);
}

function restoreFocus(node, place) {
  const target = place < 0 ? node : focusables(node)[place] || node;
  target.focus({ preventScroll: true });
}

// Up and Down (Home, End) move among the items of a list; the list is one stop for Tab.
export function roving(list, selector, { wrap = false } = {}) {
  list.addEventListener("keydown", (event) => {
    const items = [...list.querySelectorAll(selector)].filter((each) => each.offsetParent !== null);
    const here = items.indexOf(event.target.closest(selector));
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to === undefined || here < 0 || event.target.matches("input, textarea, select")) return;
    event.preventDefault();
    const next = items[wrap ? (to + items.length) % items.length : Math.max(0, Math.min(items.length - 1, to))];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  });
}
