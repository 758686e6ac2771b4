// Questions and orders to the stand-ins' control interface.

export async function ask(path) {
  const answer = await fetch(`/sim/${path}`);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

export async function tell(path, body = {}, method = "POST") {
  const facts = { method, headers: { "Content-Type": "application/json" }, body: method === "POST" ? JSON.stringify(body) : undefined };
  const answer = await fetch(`/sim/${path}`, facts);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}
