// Saves a form while somebody types, and when they leave. Forms with `data-autosave` only; its value is the act that
// saves. `data-unsaved`: the page came with a text that is not saved; `data-stopped`: it is to be sent by hand.
(() => {
  "use strict";
  const IDLE_MS = 2000, LONGEST_FAREWELL = 60000; // bytes that browsers send for a page that is left
  const content = document.getElementById("content");
  if (!content || !window.fetch) return;
  let waiting = 0, saving = null, isSent = false, released = null;

  const find = (form) => form.querySelector("[data-autosave-status]");
  const say = (form, text) => { const status = find(form); if (status) status.textContent = text; };

  content.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form || !form.dataset.autosave || form.dataset.stopped) return;
    clearTimeout(waiting);
    say(form, "Not saved yet.");
    waiting = setTimeout(() => save(form), IDLE_MS);
  });

  // A press of a button sends its form. What is being saved comes first, and what another form of the page would lose.
  content.addEventListener("submit", (event) => {
    clearTimeout(waiting);
    const { target, submitter } = event, form = content.querySelector("form[data-autosave]");
    const isReleased = released === target;
    released = null;
    isSent = target === form && !saving;
    if (!form || isSent || isReleased) return;
    if (!saving && (form.dataset.stopped || !isUnsaved(form))) return;
    event.preventDefault();
    (saving || save(form)).finally(() => { released = target === form ? null : target; target.requestSubmit(submitter); });
  });

  async function save(form) {
    if (saving) return (waiting = setTimeout(() => save(form), IDLE_MS));
    saving = send(form);
    await saving;
    saving = null;
  }

  async function send(form) {
    const text = form.elements.text.value;
    if (!text.trim()) return say(form, "Not saved: the text is empty. Remove the block instead.");
    try {
      const answer = await post(form);
      if (answer.type === "opaqueredirect" || answer.status === 401) return signedOut(form);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!answer.ok) return stop(form, page, answer.status === 409 ? "Press Save to compare." : "");
      const seen = page.querySelector("form[data-autosave]").elements.seen.value;
      content.querySelectorAll("[name=seen]").forEach((field) => { field.value = seen; });
      form.elements.text.defaultValue = text;
      delete form.dataset.unsaved;
      say(form, form.elements.text.value === text ? "Saved." : "Not saved yet.");
    } catch {
      say(form, "Not saved: no connection. Press Save to try again.");
    }
  }

  function post(form, options = {}) {
    const fields = new FormData(form);
    fields.set("act", form.dataset.autosave);
    return fetch(form.action, { method: "POST", body: new URLSearchParams(fields), redirect: "manual", ...options });
  }

  const isUnsaved = ({ dataset, elements: { text } }) =>
    text.value.trim() && (dataset.unsaved || text.value !== text.defaultValue);

  // What was typed last goes along. The browser asks the person first where it cannot: beside a text that is being
  // saved, after a refusal, and if it is too long.
  addEventListener("beforeunload", (event) => {
    const form = content.querySelector("form[data-autosave]");
    if (!form || isSent || !isUnsaved(form)) return;
    const size = new URLSearchParams(new FormData(form)).toString().length;
    if (saving || form.dataset.stopped || size > LONGEST_FAREWELL) return event.preventDefault();
    clearTimeout(waiting);
    post(form, { keepalive: true }).catch(() => {});
  });

  function signedOut(form) {
    form.dataset.stopped = "yes";
    say(form, "Not saved: you are signed out. Copy your text, then reload the page and sign in.");
  }

  // Somebody else was faster, or the text was refused: the form is sent by hand, which shows why.
  function stop(form, page, next) {
    form.dataset.stopped = "yes";
    const notice = page.querySelector("[role=alert]"), reason = (notice?.querySelector("p") ?? notice)?.textContent ?? "";
    say(form, `Not saved. ${reason} ${next}`.trim());
  }
})();
