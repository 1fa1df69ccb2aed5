import { createClient } from "graphql-ws";

// createLiveClient returns a client whose streams go on with each new token of the session.
export function createLiveClient(url, session, options = {}) {
  let sent, timer, rejected;

  async function connectionParams() {
    sent = rejected && session.signedIn() ? await session.refresh() : await session.token();
    rejected = false;
    return sent && { authorization: `Bearer ${sent}` };
  }

  // extend sends a new token on the open socket, before the server closes it with the old one.
  async function extend(socket) {
    const token = await session.token();
    if (!token || token === sent || socket.readyState !== socket.OPEN) return;
    sent = token;
    socket.send(JSON.stringify({ type: "ping", payload: { authorization: `Bearer ${token}` } }));
  }

  return createClient({
    url: url.replace(/^http/, "ws"),
    connectionParams,
    retryAttempts: Infinity,
    on: {
      connected(socket) {
        timer = setInterval(() => extend(socket).catch(() => {}), 1_000);
      },
      closed(event) {
        clearInterval(timer);
        rejected = event.code === 4403;
      },
    },
    ...options,
  });
}

// subscribe follows one operation. After a lost connection the server sends nothing that the page has already.
export function subscribe(client, request, sink) {
  let lastEventId;
  const extensions = { get lastEventId() { return lastEventId; } }; // read each time the client connects
  return client.subscribe({ ...request, extensions }, {
    ...sink,
    next(result) {
      lastEventId = result.extensions?.live?.eventId ?? lastEventId;
      sink.next(result);
    },
  });
}
