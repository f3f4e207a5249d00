// What every page of staff does: move focus to an error summary, and send a form once.

const summary = document.querySelector("[data-focus]");
if (summary) summary.focus();

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 8000);
  });
}

// <button data-print>: the slip for the passenger.
for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => print());
}

// <… data-poll="/counter/…" data-state="asked">: asks until the state is another one, then goes on.
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
