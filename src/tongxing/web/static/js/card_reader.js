// The passenger's card, wherever it lies: under the phone, through the city's own app, or on the
// reader of this machine, through the local card agent. Whoever uses it cannot tell which.

const AGENT = "http://127.0.0.1:8471";
const GONE = ["CARD_REMOVED", "CARD_TIMEOUT", "CARD_COLLISION"];

export class CardProblem extends Error {
  // `refusal` is the one JSON shape of errors where the other side told it.
  constructor(code, refusal = {}) {
    super(code);
    this.code = code;
    this.refusal = refusal;
  }
}

// A card: transmit(hex) -> Promise<hex>, close(). Throws CardProblem.
export async function openCard({ agentAddress = AGENT, pairing = "" } = {}) {
  const bridge = window.TongxingCard;
  return bridge ? openThroughApp(bridge) : openThroughAgent(agentAddress, pairing);
}

async function openThroughApp(bridge) {
  await told(() => bridge.open());
  return {
    transmit: (hex) => told(() => bridge.transmit(hex)),
    close: () => told(() => bridge.close()),
  };
}

// A bridge rejects with the code of a reason as its message.
async function told(asked) {
  try {
    return await asked();
  } catch (error) {
    const code = String(error?.message ?? error);
    throw new CardProblem(/^[A-Z_]+$/.test(code) ? code : "CARD_REMOVED");
  }
}

async function openThroughAgent(address, pairing) {
  const ask = async (path, body, session = "") => {
    let answer;
    try {
      answer = await fetch(address + path, {
        method: body ? "POST" : "GET",
        headers: {
          ...(body ? { "content-type": "application/json" } : {}),
          ...(session ? { "x-tongxing-session": session } : {}),
        },
        body: body ? JSON.stringify(body) : undefined,
        credentials: "omit",
        cache: "no-store",
        keepalive: path === "/session/end",
      });
    } catch {
      throw new CardProblem("AGENT_AWAY");
    }
    const found = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new CardProblem(found.code ?? "AGENT_AWAY", found);
    return found;
  };
  const { session } = await ask("/session", { pairing });
  const close = () => ask("/session/end", {}, session).then(() => undefined, () => undefined);
  const seen = await ask("/card", undefined, session);
  if (!seen.present) {
    await close();
    throw new CardProblem("READER_NO_CARD");
  }
  return {
    reader: seen.reader,
    transmit: async (hex) => (await ask("/apdu", { hex }, session)).hex,
    close,
  };
}

// Relays commands between our server and the card until the server is done. `onState` hears
// "open", "working", "done" and "gone". Resolves to what the server said last, {} otherwise.
export function relayOver(webSocketUrl, card, onState = () => {}) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(webSocketUrl);
    let last = {};
    let problem = null;
    const say = (what) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(what));
    };
    socket.onopen = () => onState("open");
    socket.onmessage = async (event) => {
      const asked = JSON.parse(event.data);
      if (asked.apdu === undefined) {
        last = asked;
        return;
      }
      onState("working");
      try {
        say({ answer: await card.transmit(asked.apdu) });
      } catch (error) {
        problem = error;
        say({ gone: GONE.includes(error.code) ? error.code : "CARD_REMOVED" });
      }
    };
    socket.onclose = async (event) => {
      await card.close();
      const whole = event.code === 1000;
      onState(whole ? "done" : "gone");
      if (whole) resolve(last);
      else reject(problem ?? new CardProblem("CARD_REMOVED"));
    };
  });
}
