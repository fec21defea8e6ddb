// Saves a form while somebody types. Forms with `data-autosave` only; its value is the act that saves.
(() => {
  "use strict";
  const IDLE_MS = 2000;
  const content = document.getElementById("content");
  if (!content || !window.fetch) return;
  let waiting = 0, saving = null;

  const find = (form) => form.querySelector("[data-autosave-status]");
  const say = (form, text) => { const status = find(form); if (status) status.textContent = text; };

  content.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form || !form.dataset.autosave || form.dataset.stopped) return;
    clearTimeout(waiting);
    say(form, "Not saved yet.");
    waiting = setTimeout(() => save(form), IDLE_MS);
  });

  // A press of a button sends the form itself; what is being saved comes first.
  content.addEventListener("submit", (event) => {
    clearTimeout(waiting);
    if (!saving || !event.target.dataset.autosave) return;
    event.preventDefault();
    const { target, submitter } = event;
    saving.finally(() => target.requestSubmit(submitter));
  });

  async function save(form) {
    if (saving) return (waiting = setTimeout(() => save(form), IDLE_MS));
    saving = send(form);
    await saving;
    saving = null;
  }

  async function send(form) {
    const fields = new FormData(form), text = form.elements.text.value;
    if (!text.trim()) return;
    fields.set("act", form.dataset.autosave);
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!answer.ok) return stop(form, page);
      form.elements.seen.value = page.querySelector("form[data-autosave]").elements.seen.value;
      form.elements.text.defaultValue = text;
      say(form, form.elements.text.value === text ? "Saved." : "Not saved yet.");
    } catch {
      say(form, "Not saved: no connection. Press Save to try again.");
    }
  }

  // Somebody else was faster, or the text was refused: the form is sent by hand, which shows why.
  function stop(form, page) {
    form.dataset.stopped = "yes";
    const reason = page.querySelector("[role=alert]");
    say(form, `Not saved. ${reason ? reason.firstElementChild?.textContent || reason.textContent : ""} Press Save to compare.`);
  }
})();
