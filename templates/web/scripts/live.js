// Keeps the open page new. The address of its stream is in `data-live` of <main>; without it, nothing happens.
(() => {
  "use strict";
  const RECONNECT_MS = 2000, LONGEST_RECONNECT_MS = 30000, NOTICE_MS = 3000, SHORTEST_PAUSE_MS = 1000;
  const content = document.getElementById("content");
  const notice = document.getElementById("connection");
  if (!content || !content.dataset.live || !window.EventSource) return;
  const every = Number(content.dataset.every || 0) * 1000;
  let source = null, reconnectMs = RECONNECT_MS, reconnecting = 0, noticing = 0, refreshing = 0;
  let isFetching = false, isStale = false, isSignedOut = false, refreshedAt = Date.now(), pauseMs = SHORTEST_PAUSE_MS, paired = 0;

  const say = (text) => { if (notice.textContent !== text) notice.textContent = text; notice.hidden = !text; };

  function connect() {
    disconnect();
    if (document.hidden || isSignedOut) return;
    source = new EventSource(`${content.dataset.live}?after=${encodeURIComponent(content.dataset.version)}`);
    source.onopen = () => { reconnectMs = RECONNECT_MS; clearTimeout(noticing); noticing = 0; say(""); };
    source.onerror = () => {
      noticing ||= setTimeout(() => say("Connection lost. Reconnecting."), NOTICE_MS);
      if (source.readyState !== EventSource.CLOSED) return;
      refreshSoon();
      reconnectLater();
    };
    source.addEventListener("changed", (event) => {
      if (event.lastEventId !== content.dataset.version) refreshSoon();
    });
    source.addEventListener("ended", () => { disconnect(); refresh(); });
  }

  function disconnect() {
    clearTimeout(reconnecting);
    reconnecting = 0;
    if (source) source.close();
    source = null;
  }

  function reconnectLater() {
    clearTimeout(reconnecting);
    if (isSignedOut) return;
    reconnecting = setTimeout(connect, reconnectMs);
    reconnectMs = Math.min(2 * reconnectMs, LONGEST_RECONNECT_MS);
  }

  // A page that takes long is fetched less often.
  function refreshSoon() {
    isStale = true;
    if (refreshing || isFetching) return;
    refreshing = setTimeout(refresh, Math.max(0, refreshedAt + pauseMs - Date.now()));
  }

  async function refresh() {
    clearTimeout(refreshing);
    refreshing = 0;
    if (isFetching || isSignedOut) return;
    isFetching = true;
    isStale = false;
    const began = Date.now();
    try {
      const part = content.dataset.part;
      const address = part.includes("?") ? part : part + location.search;
      const answer = await fetch(address, { cache: "no-store", redirect: "manual" });
      if (answer.ok) show(await answer.text());
      else if (answer.type === "opaqueredirect" || answer.status === 401) return signedOut();
      else if (answer.status === 404) { say("This page is no longer available."); reconnectLater(); }
      else isStale = true;
    } catch {
      isStale = true;
    } finally {
      isFetching = false;
      refreshedAt = Date.now();
      const longer = isStale ? Math.min(2 * pauseMs, LONGEST_RECONNECT_MS) : 5 * (refreshedAt - began);
      pauseMs = Math.max(SHORTEST_PAUSE_MS, longer);
    }
    if (!source && !reconnecting) reconnectLater();
    if (isStale) refreshSoon();
  }

  function signedOut() {
    isSignedOut = true;
    disconnect();
    clearTimeout(noticing);
    if (document.body.classList.contains("wall")) location.reload();
    say("You are signed out. Reload this page to sign in.");
  }

  function show(html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const next = page.getElementById("content");
    if (!next) return;
    const kept = new Set([...content.querySelectorAll("form")].filter(isInUse));
    kept.forEach((form) => pair(form, next));
    const place = findPlace();
    Idiomorph.morph(content, next, {
      ignoreActiveValue: true,
      callbacks: {
        beforeAttributeUpdated: (name, node) => !(name === "open" && node.tagName === "DETAILS"),
        beforeNodeMorphed: (node) => !kept.has(node),
        beforeNodeRemoved: (node) => ![...kept].some((form) => node.contains(form)),
      },
    });
    document.title = page.title;
    if (place) scrollBy({ top: place.node.getBoundingClientRect().top - place.top, behavior: "instant" });
  }

  // The morph finds a form again by its id; one without is known by its address, its fields, and its place among equals.
  function pair(form, next) {
    const alike = (all) => [...all.querySelectorAll("form")].filter((each) => purpose(each) === purpose(form));
    const twin = alike(next)[alike(content).indexOf(form)];
    if (!twin || twin.id) return;
    if (!form.id) form.id = `form-${++paired}`;
    twin.id = form.id;
  }

  function purpose(form) {
    return [form.getAttribute("action"), ...[...form.elements].map((field) => field.name)].join(" ");
  }

  // A form that somebody fills in, that was refused, or whose text the server does not have, stays as it is.
  function isInUse(form) {
    const isRefused = form.querySelector("[role=alert]") !== null;
    return isRefused || form.dataset.unsaved !== undefined || form.contains(document.activeElement) || [...form.elements].some(isChanged);
  }

  function isChanged(field) {
    if (field.options) {
      const chosen = [...field.options].findIndex((option) => option.defaultSelected);
      return field.selectedIndex !== Math.max(chosen, 0);
    }
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    return "defaultValue" in field && field.value !== field.defaultValue;
  }

  // What the reader looks at stays where it is on the screen; at the top of the page new things may push it down.
  function findPlace() {
    if (scrollY === 0) return null;
    const isSeen = (node) => {
      const { top, bottom } = node.getBoundingClientRect();
      return bottom > 0 && top < innerHeight && node.checkVisibility?.() !== false; // closed details have places, too
    };
    const active = document.activeElement;
    const candidates = [...content.querySelectorAll("[id]")];
    const startsInView = (node) => isSeen(node) && node.getBoundingClientRect().top >= 0;
    const found = candidates.find(startsInView) ?? candidates.findLast(isSeen);
    const node = content.contains(active) && isSeen(active) ? active : found;
    return node ? { node, top: node.getBoundingClientRect().top } : null;
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
  addEventListener("pagehide", disconnect);
  addEventListener("pageshow", (event) => event.persisted && connect());
  if (every) setInterval(() => { if (!document.hidden && Date.now() - refreshedAt >= every) refresh(); }, every / 2);
  connect();
})();
