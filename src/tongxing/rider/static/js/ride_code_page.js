// The page of the ride code: shows a code at once from what the phone keeps, then talks to the
// server where there is one. All words come from the page.
import { clockAheadS, display, draw, isFor, proofWords, serverNowMs, stayAwake } from "./code.js";
import { forget, hex, keep, lastPhone, newPhone, phoneOf, sign } from "./keys.js";

const data = JSON.parse(document.getElementById("code-data").textContent);
const TICK_MS = 250;
const ANSWER_WITHIN_MS = 8000;
const LOST = ["CODE_DEVICE_ENDED", "CODE_DEVICE_KEY", "CODE_KEY_IN_USE"];
const BOXES = ["none", "absent", "over", "card"];

let phone; // what keys.js keeps
let offered = null; // the kinds as the server sees them, null before the first answer
let stopped = null; // why the account may show none
let isOnline = false;
let isSignedOut = false;
let madeS = 0; // the time inside the newest display
let dueMs = 0; // when the next one is drawn, on the server's clock
let isDrawing = false;

function part(name) {
  return document.getElementById(`code-${name}`);
}

function word(key, values = {}) {
  return data.words[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

function put(name, text) {
  if (part(name).textContent !== text) part(name).textContent = text;
}

function day(timeS) {
  const how = { dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Shanghai" };
  return new Intl.DateTimeFormat(data.language, how).format(new Date(timeS * 1000));
}

class Refused extends Error {
  constructor(refusal) {
    super(refusal.code);
    this.code = refusal.code;
    const [spoken, stop] = data.language.startsWith("zh") ? ["zh", "。"] : ["en", ". "];
    this.told = refusal[`message_${spoken}`] + stop + refusal[`next_step_${spoken}`];
  }
}

// ---- talking to the server ----

async function ask(path, content) {
  const began = Date.now();
  const answer = await fetch(`${data.api}/${path}`, {
    method: content === undefined ? "GET" : "POST",
    headers: { Accept: "application/json", "Content-Type": "application/json" },
    body: content === undefined ? undefined : JSON.stringify(content),
    credentials: "same-origin",
    cache: "no-store",
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  const told = await answer.json();
  isOnline = true;
  isSignedOut = answer.status === 401;
  if (!answer.ok) throw new Refused(told);
  if (told.now_s !== undefined) told.offsetMs = told.now_s * 1000 - (began + Date.now()) / 2;
  return told;
}

async function contact() {
  let state;
  try {
    state = await ask("state");
  } catch (error) {
    if (!(error instanceof Refused)) isOnline = false;
    else if (!isSignedOut) put("told", error.told);
    return render();
  }
  if (phone?.account !== state.account) phone = await phoneOf(state.account);
  offered = state.types;
  showPhones(state.devices);
  if (phone) {
    phone.offsetMs = state.offsetMs;
    if (phone.unsent) await choose(phone.unsent);
    else phone.kind = state.last_type;
    await keep(phone);
    await renewAll(state.now_s);
  }
  return render();
}

/** Ask anew for every kind that is due, so that each can be shown without a network. */
async function renewAll(nowS) {
  const due = offered.filter((kind) => {
    const held = phone.held[kind.code_type];
    return kind.available && (!held || held.basis !== kind.basis || nowS >= held.renew_from_s);
  });
  let isRenewed = false;
  for (const kind of due) {
    isRenewed = Boolean(phone.held[kind.code_type]) || isRenewed;
    await authorise(kind.code_type);
    if (!phone) return;
  }
  for (const kind of offered) if (!kind.available) delete phone.held[kind.code_type];
  await keep(phone);
  if (isRenewed) put("told", word("renewed"));
}

async function authorise(codeType) {
  try {
    const { nonce } = await ask("nonce", {});
    if (!/^[0-9a-f]{64}$/.test(nonce)) throw new Error("a question of another form");
    const signature = await sign(phone, proofWords(phone, codeType, nonce));
    const granted = await ask("authorise", {
      device_id: phone.deviceId,
      code_type: codeType,
      user_key: phone.publicKey,
      nonce,
      signature: hex(signature),
    });
    if (!isFor(phone, granted.authorisation)) throw new Error("granted to another key");
    phone.held[codeType] = granted;
    phone.offsetMs = granted.offsetMs;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    put("told", error.told);
    if (LOST.includes(error.code)) {
      await drop();
    }
  }
}

/** Forget this phone, and wipe the code that it showed. */
async function drop() {
  await forget(phone.account);
  phone = undefined;
  dueMs = 0;
  part("qr").width = 0;
  delete part("qr").dataset.made;
}

async function begin() {
  put("told", "");
  put("network", word("working"));
  part("begin").disabled = true;
  try {
    const state = await ask("state");
    phone = (await phoneOf(state.account)) ?? (await newPhone(state.account));
    phone.offsetMs = state.offsetMs;
    phone.kind ||= state.last_type;
    offered = state.types;
    await renewAll(state.now_s);
    showPhones((await ask("state")).devices);
  } catch (error) {
    if (error instanceof Refused) put("told", error.told);
    else isOnline = false;
  }
  part("begin").disabled = false;
  return render();
}

async function choose(kind) {
  phone.kind = kind;
  phone.unsent = kind;
  phone.usedMs = Date.now();
  await keep(phone);
  dueMs = 0;
  render();
  try {
    await ask("choose", { code_type: kind });
    phone.unsent = "";
    await keep(phone);
  } catch (error) {
    if (!(error instanceof Refused)) isOnline = false;
    else phone.unsent = "";
  }
}

// ---- what is seen ----

function good() {
  const held = phone?.held[phone.kind] ?? Object.values(phone?.held ?? {})[0];
  return held && held.ends_s * 1000 > serverNowMs(phone) ? held : undefined;
}

function render() {
  stopped = offered && offered.every((kind) => !kind.available) ? offered[0]?.why : null;
  const held = good();
  const isNew = !phone || (Object.keys(phone.held).length === 0 && !stopped);
  let seen = held && !stopped ? "card" : "over";
  if (isNew) seen = isOnline && !isSignedOut ? "none" : "absent";
  if (stopped) put("told", new Refused(stopped).told);
  for (const box of BOXES) part(box).hidden = box !== seen || (Boolean(stopped) && box !== "card");
  const offline = isSignedOut ? word("signed_out") : word("offline");
  put("network", (isOnline && !isSignedOut) || seen === "absent" ? "" : offline);
  const aheadS = phone ? clockAheadS(phone) : 0;
  const clock = aheadS > 0 ? "clock_fast" : "clock_slow";
  put("clock", aheadS ? word(clock, { seconds: Math.abs(aheadS) }) : "");
  showKinds();
  if (seen === "card") show(held);
}

function show(held) {
  const kind = data.kinds[held.code_type] ?? { gold: false, name: held.code_type };
  part("card").classList.toggle("gold", kind.gold);
  put("kind", kind.gold ? word("gold", { name: kind.name }) : kind.name);
  put("until", word("until", { until: day(held.ends_s) }));
  tick();
}

async function tick() {
  const held = good();
  if (document.hidden || part("card").hidden) return;
  if (!held) return render();
  const nowMs = serverNowMs(phone);
  const lengthMs = held.refresh_s * 1000;
  if (!isDrawing && (dueMs <= nowMs || dueMs > nowMs + lengthMs)) await redraw(held, nowMs);
  const leftS = Math.max(0, Math.min(held.refresh_s, Math.ceil((dueMs - nowMs) / 1000)));
  part("progress").max = held.refresh_s;
  part("progress").value = leftS;
  put("left", word("left", { seconds: leftS }));
}

async function redraw(held, nowMs) {
  isDrawing = true;
  try {
    // Gates know a display by its second, so no two displays are made for the same one.
    const nowS = Math.floor(nowMs / 1000);
    const isSame = nowS <= madeS && madeS - nowS < held.refresh_s / 2;
    const timeS = isSame ? madeS + 1 : nowS;
    draw(part("qr"), await display(phone, held.authorisation, timeS));
    part("qr").dataset.made = String(timeS);
    madeS = timeS;
    dueMs = nowMs + held.refresh_s * 1000;
  } catch {
    put("told", word("broken"));
    await drop();
    render();
  } finally {
    isDrawing = false;
  }
}

function showKinds() {
  const held = Object.keys(phone?.held ?? {});
  const kinds = Object.keys(data.kinds).filter(
    (name) => held.includes(name) || offered?.some((kind) => kind.code_type === name),
  );
  part("kinds").hidden = held.length === 0 || kinds.length < 2;
  const chosen = good()?.code_type;
  const rows = kinds.map((name) => {
    const label = document.createElement("label");
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name: "code-kind", value: name, checked: name === chosen });
    input.disabled = !held.includes(name);
    input.addEventListener("change", () => choose(name));
    const why = offered?.find((kind) => kind.code_type === name)?.why;
    const text = document.createElement("span");
    text.textContent = data.kinds[name].name;
    if (why) {
      const small = document.createElement("small");
      small.textContent = new Refused(why).told;
      text.append(small);
    }
    label.append(input, text);
    return label;
  });
  const list = part("kind-list");
  const focused = list.contains(document.activeElement) ? document.activeElement.value : "";
  list.replaceChildren(...rows);
  if (focused) list.querySelector(`input[value="${focused}"]`)?.focus();
}

function showPhones(devices) {
  part("phones").hidden = devices.length === 0;
  const rows = devices.map((device) => {
    const isThis = device.device_id === phone?.deviceId;
    const key = device.ended_s ? "ended_phone" : isThis ? "this_phone" : "other_phone";
    const row = document.createElement("li");
    row.append(word(key, { used: day(device.last_s), until: day(device.ends_s) }));
    if (!device.ended_s) row.append(" ", endButton(device));
    return row;
  });
  part("phone-list").replaceChildren(...rows);
}

function endButton(device) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = word("end");
  button.addEventListener("click", async () => {
    if (button.dataset.sure !== "yes") {
      button.dataset.sure = "yes";
      button.textContent = word("end_sure");
      return;
    }
    try {
      const ended = await ask("end", { device_id: device.device_id });
      if (device.device_id === phone?.deviceId) await drop();
      const amount = (ended.most_lost_fen / 100).toFixed(2);
      put("told", word("ended", { until: day(ended.still_until_s), amount }));
      await contact();
    } catch (error) {
      if (error instanceof Refused) put("told", error.told);
    }
  });
  return button;
}

// ---- the page without a network ----

async function keepShell() {
  if (!("serviceWorker" in navigator)) return;
  const shell = await caches.open(`tongxing-shell-${data.shell}`);
  const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
  const parts = [...new Set(loaded)].filter((name) => name.startsWith(new URL(data.static, location.href).href));
  await Promise.all(parts.map(async (name) => shell.put(new URL(name).pathname, await fetch(name))));
  const page = await fetch(location.pathname, { credentials: "same-origin" });
  if (page.ok && !page.redirected) await shell.put(location.pathname, page);
  await navigator.serviceWorker.register(`${data.worker}?v=${data.shell}`);
}

async function start() {
  if (!globalThis.isSecureContext || !globalThis.indexedDB) {
    put("told", word("unsafe"));
    return;
  }
  phone = await lastPhone();
  if (phone) render();
  part("begin").addEventListener("click", begin);
  part("renew").addEventListener("click", contact);
  part("refresh").addEventListener("click", () => {
    dueMs = 0;
    tick();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    dueMs = 0;
    stayAwake();
    tick();
  });
  addEventListener("online", contact);
  addEventListener("offline", () => {
    isOnline = false;
    render();
  });
  setInterval(tick, TICK_MS);
  await stayAwake();
  await contact();
  if (isOnline) await keepShell().catch(() => undefined);
  document.documentElement.dataset.code = "ready";
}

start();
