// A click on a block of a postmortem opens it, as its link does. Readers may still select text and follow links.
(() => {
  "use strict";
  const DOUBLE_CLICK_MS = 300;
  const BLOCK = "li:has(> .block), li:has(> p > .block), p:has(> .block)";
  const content = document.getElementById("content");
  if (!content || !matchMedia("(hover: hover)").matches) return;
  document.documentElement.classList.add("has-blocks");
  let opening = 0;

  content.addEventListener("click", (event) => {
    clearTimeout(opening);
    const links = event.target.closest(`.written :is(${BLOCK})`)?.querySelectorAll(".block > a:first-of-type") ?? [];
    if (event.detail !== 1 || links.length !== 1 || event.target.closest("a, button")) return;
    opening = setTimeout(() => { if (getSelection().isCollapsed) links[0].click(); }, DOUBLE_CLICK_MS);
  });
})();
