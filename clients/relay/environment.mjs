import { Environment, Network, RecordSource, Store } from "relay-runtime";
import { hasCode } from "../app/errors.mjs";

export function createEnvironment(url, session) {
  async function send({ text }, variables, token) {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query: text, variables }),
    });
    return response.json();
  }

  async function run(operation, variables) {
    const result = await send(operation, variables, await session.token());
    if (!hasCode(result, "UNAUTHENTICATED") || !session.signedIn()) return result;
    return send(operation, variables, await session.refresh());
  }

  return new Environment({ network: Network.create(run), store: new Store(new RecordSource()) });
}
