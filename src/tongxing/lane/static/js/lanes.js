// All lanes of a site, for whoever looks after them. All words come from the page.

const list = document.getElementById("lanes");
const words = JSON.parse(list.dataset.words);
const lost = document.getElementById("lost");
const order = document.getElementById("order");
const orders = JSON.parse(order.dataset.words);
const AGAIN_MS = 2000;
const CHECKED_MS = 30000;

function show(view) {
  const lane = list.querySelector(`[data-terminal="${CSS.escape(view.terminal)}"]`);
  lane.dataset.sign = view.sign;
  if (lane.dataset.number !== String(view.number)) {
    lane.dataset.number = view.number;
    forget(lane);
  }
  const said = view.said[document.body.dataset.language]?.text;
  const state = view.sign === "idle" ? words.idle : `${words[view.sign]}${words.between}${said}`;
  const at = lane.querySelector(".state");
  if (at.textContent !== state) at.textContent = state;
  lane.querySelector(".call").hidden = !view.called;
  const asked = view.staff[document.body.dataset.language] ?? "";
  const staff = lane.querySelector(".staff");
  if (staff.textContent !== asked) staff.textContent = asked;
  staff.hidden = asked === "";
}

// What staff found is about the next one at their lane, and only for half a minute.
function forget(lane) {
  const found = lane.querySelector(".found");
  if (found) found.textContent = "";
}

async function check(button) {
  const lane = button.closest("li");
  const found = lane.querySelector(".found");
  const answer = await fetch(button.dataset.checked, { method: "POST" }).catch(() => undefined);
  if (!answer?.ok) return;
  const said = button.dataset.said;
  found.textContent = said;
  setTimeout(() => {
    if (found.textContent === said) forget(lane);
  }, CHECKED_MS);
}

function showOrder(mode) {
  if (order.textContent !== orders[mode]) order.textContent = orders[mode];
  order.hidden = mode === "normal";
}

function open() {
  const source = new EventSource("/events");
  source.onmessage = (event) => {
    lost.hidden = true;
    const views = JSON.parse(event.data);
    views.forEach(show);
    showOrder(views[0].order);
  };
  source.onerror = () => {
    lost.hidden = false;
    if (source.readyState === EventSource.CLOSED) setTimeout(open, AGAIN_MS);
  };
}

list.addEventListener("click", (event) => {
  const address = event.target.closest("[data-helped]")?.dataset.helped;
  if (address) fetch(address, { method: "POST" }).catch(() => undefined);
  const checked = event.target.closest("[data-checked]");
  if (checked) check(checked);
});

open();
