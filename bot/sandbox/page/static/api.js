// The sandbox's own methods, and its news of what looks different.

export async function ask(name, args = {}) {
  let response;
  try {
    response = await fetch(`/control/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(args),
    });
  } catch {
    throw new Error("The sandbox does not respond. Check that it is still running in the terminal.");
  }
  const answer = await response.json();
  if (!answer.ok) throw new Error(answer.detail || answer.error);
  return answer.result;
}

export async function pageState() {
  return (await fetch("/page/state")).json();
}

// Calls back with each list of {kind, which}; after a break in the connection with null: look at everything again. One
// list is dealt with after the other, the first one once `loaded` is resolved. Returns when changes are heard of: what is
// looked at after that misses none.
export function listen(tell, loaded) {
  let broken = false;
  let before = loaded;
  const next = (changes) => { before = before.then(() => tell(changes)).catch(() => {}); };
  return new Promise((hears) => {
    const connect = () => {
      const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/page/live`);
      socket.onopen = () => { document.body.classList.remove("offline"); if (broken) next(null); hears(); };
      socket.onmessage = (event) => next(JSON.parse(event.data));
      socket.onclose = () => { broken = true; document.body.classList.add("offline"); hears(); setTimeout(connect, 1000); };
    };
    connect();
  });
}
