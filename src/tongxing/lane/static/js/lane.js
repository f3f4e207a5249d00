// The screen of a lane: shows what the gate pushes, speaks it once, and rests again by itself. All
// words come from the page or from the gate.

const words = JSON.parse(document.getElementById("lane-words").textContent);
const { language, other, here } = document.body.dataset;
const SILENT_MS = 15000; // the gate says something at least every 5 s
const AGAIN_MS = 2000;

let spoken = words.first.number; // what was said before this page was opened is not said again
let silence = 0;
let source;

function part(name) {
  return document.getElementById(name);
}

function put(name, text) {
  const at = part(name);
  if (at.textContent !== text) at.textContent = text;
}

function speak(text) {
  if (!text || !("speechSynthesis" in window)) return;
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.lang = words.tags[language];
  speechSynthesis.cancel();
  speechSynthesis.speak(utterance);
}

function shows(sign, large, next) {
  document.body.dataset.sign = sign;
  put("text", large[language]);
  put("next", next[language]);
  put("other-text", large[other]);
  put("other-next", next[other]);
}

function lines(texts) {
  part("more").replaceChildren(
    ...texts.map((text) => Object.assign(document.createElement("li"), { textContent: text })),
  );
  part("more").hidden = texts.length === 0;
}

function amounts(found) {
  for (const box of document.querySelectorAll("[data-amount]")) {
    const amount = found[box.dataset.amount];
    box.hidden = !amount;
    box.querySelector("dd").textContent = amount ?? "";
  }
  part("amounts").hidden = Object.values(found).every((amount) => !amount);
}

function rest() {
  shows("idle", words.idle, words.idle_next);
  lines([]);
  amounts({});
}

function of(view, field) {
  return { [language]: view.said[language][field], [other]: view.said[other][field] };
}

function show(view) {
  part("offline").hidden = !view.offline;
  put("order", words.orders[view.order] ?? "");
  part("order").hidden = view.order === "normal";
  const call = part("call");
  call.textContent = view.called ? call.dataset.called : call.dataset.ask;
  if (view.sign === "idle") {
    rest();
    return;
  }
  shows(view.sign, of(view, "text"), of(view, "next"));
  const kind = view.sign === "open" ? words.kinds[view.kind] : undefined;
  lines(kind ? [kind, ...view.said[language].more] : view.said[language].more);
  amounts({ ...view.amounts, medium: view.medium });
  if (view.left_ms) {
    if (view.number !== spoken) speak([kind, view.said[language].voice].filter(Boolean).join(" "));
    spoken = view.number;
  }
}

function lost() {
  shows("lost", words.lost, words.lost_next);
  lines([]);
  amounts({});
}

function heard() {
  clearTimeout(silence);
  silence = setTimeout(() => {
    lost();
    open();
  }, SILENT_MS);
}

// A browser comes back by itself when the connection breaks, but not after an answer that is no
// stream (a gate that is just starting): then a new one is opened here.
function open() {
  source?.close();
  source = new EventSource(`${here}/events`);
  source.onmessage = (event) => {
    heard();
    show(JSON.parse(event.data));
  };
  source.addEventListener("beat", heard);
  source.onerror = () => {
    lost();
    if (source.readyState === EventSource.CLOSED) setTimeout(open, AGAIN_MS);
  };
  heard();
}

part("call").addEventListener("click", () => {
  fetch(`${here}/call`, { method: "POST" }).catch(lost);
});

// Browsers speak, and fill the screen, only after somebody has touched the page once.
part("full").addEventListener("click", async () => {
  speak(" ");
  try {
    await document.documentElement.requestFullscreen();
    await navigator.wakeLock?.request("screen");
  } catch {
    // A browser without it shows the page as it is.
  }
});
document.addEventListener("fullscreenchange", () => {
  part("full").hidden = document.fullscreenElement !== null;
});

show(words.first);
open();
