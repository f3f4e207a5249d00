// The station machine: digits on the screen, and nothing left on it when the passenger has gone.

const { reset, home, idle } = document.body.dataset;

// Digits are typed on the screen; a keyboard, where there is one, works as well.
for (const pad of document.querySelectorAll("[data-keypad]")) {
  const field = document.getElementById(pad.dataset.keypad);
  pad.addEventListener("click", (event) => {
    const key = event.target.closest("[data-key]")?.dataset.key;
    if (!key) return;
    if (key === "clear") field.value = "";
    else if (key === "back") field.value = field.value.slice(0, -1);
    else if (field.value.length < Number(pad.dataset.most)) field.value += key;
  });
}

// Nobody touches it: the seconds are counted down where everybody sees them, then the passenger's
// session ends and the first screen comes back. The screen is emptied at once, network or not.
async function goHome() {
  document.body.replaceChildren();
  try {
    await fetch(reset, { method: "POST", redirect: "manual" });
  } catch {
    // No network just now: the session runs out by itself, and its cookie goes with the next reset.
  }
  location.replace(home);
}

if (idle) {
  const says = document.getElementById("idle-says");
  let until = 0;
  const again = () => {
    until = Date.now() + Number(idle) * 1000;
    count();
  };
  const count = () => {
    const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    if (says) says.textContent = says.dataset.text.replace("{s}", String(left));
    return left;
  };
  const tick = () => {
    if (count() === 0) goHome();
    else setTimeout(tick, 250);
  };
  for (const event of ["pointerdown", "keydown"]) document.addEventListener(event, again);
  const card = document.getElementById("card-tap");
  if (card) new MutationObserver(again).observe(card, { attributes: true });
  again();
  tick();
}

// A page that the browser kept is never shown to the next passenger.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.replace(home);
});
