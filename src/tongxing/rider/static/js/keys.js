// The keys of this phone: made here, kept here, used here. A private key never leaves the browser.
//
// WebCrypto cannot do SM2, so the key itself lies in IndexedDB, sealed by AES-GCM under a WebCrypto
// key that cannot be exported. Whoever copies the database alone has nothing; whoever runs code on
// this page could sign with it, which is why the page takes no script from anywhere else.
import {
  compressPublicKeyHex,
  doSignature,
  doVerifySignature,
  generateKeyPairHex,
} from "../vendor/sm2.min.js";

const DATABASE = "tongxing-ride-code";
const STORE = "phones";
const DEVICE_BYTES = 16;
const IV_BYTES = 12;

/** A phone for an account: a device id, an SM2 key pair, nothing granted yet. */
export async function newPhone(account) {
  const pair = generateKeyPairHex();
  const sealing = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, [
    "encrypt",
    "decrypt",
  ]);
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const sealed = await crypto.subtle.encrypt(sealedWith(iv, account), sealing, bytes(pair.privateKey));
  const phone = {
    account,
    deviceId: hex(crypto.getRandomValues(new Uint8Array(DEVICE_BYTES))),
    publicKey: compressPublicKeyHex(pair.publicKey),
    wholeKey: pair.publicKey,
    sealing,
    iv,
    sealed,
    held: {},
    offsetMs: 0,
    kind: "",
    unsent: "",
    usedMs: Date.now(),
  };
  await keep(phone);
  // Ask the browser not to clear this away; it may say no, and then the phone is set up again.
  await navigator.storage?.persist?.().catch(() => false);
  return phone;
}

/** The signature (64 bytes) of this phone over a message. Throws when its key cannot be opened. */
export async function sign(phone, message) {
  const opened = await crypto.subtle.decrypt(
    sealedWith(phone.iv, phone.account),
    phone.sealing,
    phone.sealed,
  );
  const options = { hash: true, publicKey: phone.wholeKey };
  const signature = doSignature(message, hex(new Uint8Array(opened)), options);
  new Uint8Array(opened).fill(0);
  if (!doVerifySignature(message, signature, phone.wholeKey, { hash: true })) {
    throw new Error("a signature that does not verify is not shown");
  }
  return bytes(signature);
}

/** Keep a phone as it is now. */
export function keep(phone) {
  return inStore("readwrite", (store) => store.put(phone));
}

/** The phone of an account; undefined when there is none here. */
export function phoneOf(account) {
  return inStore("readonly", (store) => store.get(account));
}

/** The phone that was used last, whoever's it is; undefined when there is none. */
export async function lastPhone() {
  const phones = await inStore("readonly", (store) => store.getAll());
  return phones.sort((one, other) => other.usedMs - one.usedMs)[0];
}

/** Forget the phone of one account: its key is gone for good. */
export function forget(account) {
  return inStore("readwrite", (store) => store.delete(account));
}

/** Forget everything: every key, and the pages kept for flight mode. For signing out. */
export async function forgetAll() {
  await inStore("readwrite", (store) => store.clear());
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("tongxing-")).map((name) => caches.delete(name)));
}

/** Bytes of hex text. */
export function bytes(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** Hex text of bytes. */
export function hex(content) {
  return Array.from(content, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function sealedWith(iv, account) {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(account) };
}

function inStore(mode, work) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "account" });
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => {
        database.close();
        resolve(request.result);
      };
      transaction.onabort = () => {
        database.close();
        reject(transaction.error);
      };
    };
  });
}
