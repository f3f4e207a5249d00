// Reading a card: one button, one sentence about what happens now, and what to do when it did not
// work. The card is under the phone (the city's app) or on the reader of this same machine.

import { openCard, relayOver } from "./card_reader.js";

const PAIRING = "tongxing-agent-pairing";
const box = document.getElementById("card-tap");
const says = document.getElementById("card-says");
const next = document.getElementById("card-next");
const button = document.getElementById("card-start");
const pairing = document.getElementById("card-pairing");
const words = document.getElementById("card-words").dataset;
const language = box.dataset.lang;

function show(state, text, more = "") {
  box.dataset.state = state;
  says.textContent = text;
  next.textContent = more;
}

// What a problem is called for people: the server's own words, else those of this page.
function told(problem) {
  const refusal = problem.refusal?.code ? problem.refusal : problem;
  if (refusal[`message_${language}`]) {
    return [refusal[`message_${language}`], refusal[`next_step_${language}`] ?? ""];
  }
  const gone = ["CARD_REMOVED", "CARD_TIMEOUT", "CARD_COLLISION"].includes(problem.code);
  if (gone) return [words.torn, ""];
  const away = box.dataset.channel === "nfc" ? words.noApp : words.noReader;
  if (problem.code === "AGENT_AWAY") return [away, ""];
  if (problem.code === "READER_NO_CARD") return [words.waiting, ""];
  return [words.failed, ""];
}

function failed(problem) {
  show("failed", ...told(problem));
  button.textContent = words.again;
  button.disabled = false;
  if (pairing && ["AGENT_PAIRING", "AGENT_ORIGIN"].includes(problem.code)) {
    localStorage.removeItem(PAIRING);
    pairing.closest("details")?.setAttribute("open", "");
    pairing.focus();
  }
}

async function touch() {
  button.disabled = true;
  show("working", words.connecting);
  const address = new URL(box.dataset.socket, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  try {
    const code = pairing ? pairing.value.trim() : (localStorage.getItem(PAIRING) ?? "");
    const options = { pairing: code, agentAddress: box.dataset.agent || undefined };
    show("working", words.waiting);
    const card = await openCard(options);
    if (code) localStorage.setItem(PAIRING, code);
    const said = await relayOver(address.href, card, (state) => {
      if (state === "working") show("working", words.working);
    });
    if (!said.next) {
      failed(said);
      return;
    }
    show("done", words.done);
    location.assign(said.next);
  } catch (problem) {
    failed(problem);
  }
}

if (pairing) pairing.value = localStorage.getItem(PAIRING) ?? "";
button.addEventListener("click", touch);
if (box.dataset.auto) touch();
