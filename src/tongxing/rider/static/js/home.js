// The balance above the ride code: asked while there is a network, silent without one.

const line = document.getElementById("home-balance");
if (line) {
  const show = (id, text) => {
    document.getElementById(id).textContent = text;
  };
  try {
    const answer = await fetch(line.dataset.from, { headers: { Accept: "application/json" } });
    if (answer.ok) {
      const told = await answer.json();
      show("home-label", told.label);
      show("home-amount", told.amount);
      show("home-more", [told.held, told.open, told.halves].filter(Boolean).join(" · "));
    }
  } catch {
    line.hidden = true; // Without a network an old figure would be a wrong one.
  }
}
