// The sandbox's own methods, and its news of what looks different.

export async function ask(name, args = {}) {
  const response = await fetch(`/control/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(args),
  });
  const answer = await response.json();
  if (!answer.ok) throw new Error(answer.detail || answer.error);
  return answer.result;
}

export async function pageState() {
  return (await fetch("/page/state")).json();
}

// Calls back with each list of {kind, which}; after a break in the connection with null: look at everything again.
export function listen(tell) {
  let broken = false;
  const connect = () => {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/page/live`);
    socket.onopen = () => { if (broken) tell(null); };
    socket.onmessage = (event) => tell(JSON.parse(event.data));
    socket.onclose = () => { broken = true; setTimeout(connect, 1000); };
  };
  connect();
}
