// The camera of this machine: a few pictures a second go to the gate beside it, which looks for
// codes. Nothing is kept, and nothing leaves this machine.

const { here } = document.body.dataset;
const box = document.getElementById("camera");
const view = document.getElementById("camera-view");
const says = document.getElementById("camera-says");
const paper = document.createElement("canvas");
const pen = paper.getContext("2d", { alpha: false });
const WIDTH = 1280;
const EVERY_MS = 150;
const AGAIN_MS = 3000;
const WHY = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

function tell(state) {
  if (box.dataset.state === state) return;
  box.dataset.state = state;
  says.textContent = says.dataset[state];
}

function wait(ms) {
  return new Promise((done) => {
    setTimeout(done, ms);
  });
}

async function picture() {
  paper.width = Math.min(WIDTH, view.videoWidth);
  paper.height = Math.round((paper.width * view.videoHeight) / view.videoWidth);
  pen.drawImage(view, 0, 0, paper.width, paper.height);
  return new Promise((done) => {
    paper.toBlob(done, "image/jpeg", 0.85);
  });
}

async function look(track) {
  while (track.readyState === "live") {
    if (view.videoWidth > 0) {
      try {
        const answer = await fetch(`${here}/picture`, { method: "POST", body: await picture() });
        tell(answer.ok ? "seeing" : "lost");
      } catch {
        tell("lost");
      }
    }
    await wait(box.dataset.state === "lost" ? AGAIN_MS : EVERY_MS);
  }
}

async function run() {
  if (!navigator.mediaDevices) {
    tell("insecure");
    return;
  }
  for (;;) {
    try {
      const wanted = { width: { ideal: 1280 }, facingMode: { ideal: "user" } };
      const stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
      view.srcObject = stream;
      await view.play();
      tell("seeing");
      await look(stream.getVideoTracks()[0]);
      tell("missing"); // it was pulled out
    } catch (error) {
      tell(WHY[error.name] ?? "missing");
    }
    await wait(AGAIN_MS);
    if (box.dataset.state === "refused") return; // asking again would be refused again
  }
}

run();
