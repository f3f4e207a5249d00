// What every page does: move focus to an error summary, count down a wait, follow an order.

// What was sent is not asked for again: "back" and "reload" open the page anew instead.
history.replaceState(null, "", location.href);

const summary = document.querySelector("[data-focus]");
if (summary) summary.focus();

// <button data-wait="42" data-text="… {s} …">: disabled until so many seconds have passed.
for (const button of document.querySelectorAll("[data-wait]")) {
  const ready = button.textContent;
  const until = Date.now() + Number(button.dataset.wait) * 1000;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? button.dataset.text.replace("{s}", String(left)) : ready;
    if (left > 0) setTimeout(tick, 250);
  };
  tick();
}

// A form is sent once: a second press while the answer is on its way does nothing.
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 8000);
  });
}

// <a data-go>: the way to a partner's page, taken by itself the first time it is shown.
const go = document.querySelector("a[data-go]");
if (go && !sessionStorage.getItem(go.dataset.go)) {
  sessionStorage.setItem(go.dataset.go, "gone");
  location.assign(go.href);
}

// <div data-poll="/…" data-state="open" data-next="/…">: asks until the state is another one, then
// goes on, or to the same page anew.
const poll = document.querySelector("[data-poll]");
if (poll) {
  let waits = 1000;
  const ask = async () => {
    try {
      const answer = await fetch(poll.dataset.poll, { headers: { Accept: "application/json" } });
      if (answer.ok && (await answer.json()).state !== poll.dataset.state) {
        location.assign(poll.dataset.next ?? location.href);
        return;
      }
    } catch {
      // No network just now: asked again below.
    }
    waits = Math.min(waits * 1.3, 5000);
    setTimeout(ask, waits);
  };
  setTimeout(ask, waits);
}

// <button data-print>: a slip on paper.
for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => print());
}

// The page came back from elsewhere: continue on our own page, with the session's cookie.
const back = document.querySelector("a[data-continue]");
if (back) location.replace(back.href);
