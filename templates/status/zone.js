// Shows the times of the page in the visitor's own zone, with a switch back; says how far away a maintenance is.
// Without this script every time stands there in the page's zone.
(() => {
  "use strict";
  const place = document.querySelector("[data-zone]");
  if (!place || !window.Intl) return;
  const language = document.documentElement.lang;
  const { zone, own: sentence, toOwn, toPage } = place.dataset;
  const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const times = [...document.querySelectorAll("time[datetime*=T]")].map((element) => ({
    element, at: new Date(element.dateTime), text: element.textContent,
  }));

  const day = new Intl.DateTimeFormat(language, { year: "numeric", month: "short", day: "numeric", timeZone: own });
  const clock = new Intl.DateTimeFormat(language, {
    hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: own, timeZoneName: "short",
  });
  const offset = (at, timeZone) =>
    new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" }).formatToParts(at)
      .find((part) => part.type === "timeZoneName").value;
  const isSame = !own || own === zone || times.every(({ at }) => offset(at, own) === offset(at, zone));

  const remembered = () => {
    try { return window.localStorage.getItem("status-zone") === "page"; } catch { return false; }
  };
  const remember = (isPage) => {
    try { window.localStorage.setItem("status-zone", isPage ? "page" : "own"); } catch { /* it lasts for this page */ }
  };

  if (!isSame) {
    const pageSentence = place.textContent;
    const words = document.createElement("span");
    const button = document.createElement("button");
    button.type = "button";
    const show = (isPage) => {
      for (const { element, at, text } of times) {
        element.textContent = isPage ? text : `${day.format(at)}, ${clock.format(at)}`;
      }
      words.textContent = isPage ? pageSentence : sentence.replace("{zone}", own);
      button.textContent = isPage ? toOwn : toPage;
      button.dataset.shows = isPage ? "page" : "own";
    };
    button.addEventListener("click", () => {
      const isPage = button.dataset.shows === "own";
      remember(isPage);
      show(isPage);
    });
    place.replaceChildren(words, " ", button);
    show(remembered());
  }

  // The page may come from a cache: how long it still takes is only true by the visitor's clock.
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "always" });
  const starts = [...document.querySelectorAll("[data-begins]")];
  const tell = () => {
    for (const element of starts) {
      const minutes = Math.round((new Date(element.dataset.begins) - Date.now()) / 60000);
      const [count, unit] = minutes < 120 ? [minutes, "minute"]
        : minutes < 2880 ? [Math.round(minutes / 60), "hour"] : [Math.round(minutes / 1440), "day"];
      element.textContent = minutes > 0 ? ` · ${relative.format(count, unit)}` : "";
    }
  };
  tell();
  if (starts.length) setInterval(tell, 30000);
})();
