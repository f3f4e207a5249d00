// A display of a ride code: what the issuer granted, the time, the phone's signature, as a QR
// picture. Everything here works without a network.
import { qrcode } from "../vendor/qrcode.mjs";
import { bytes, hex, sign } from "./keys.js";

const VERSION = 0x81;
const SIGNATURE_TAG = 0x15;
const SIGNATURE_BYTES = 64;
const USER_KEY_AT = 155; // in the bytes that are granted
const KEY_BYTES = 33;
const QUIET_MODULES = 4;
const MODULE_PIXELS = 6;
const TOLD_FROM_S = 30; // a clock this far off is told

/** What the phone signs to prove its key when it asks to be granted codes. */
export function proofWords(phone, codeType, nonce) {
  const lines = ["TONGXING RIDE CODE 1", phone.account, phone.deviceId, codeType, phone.publicKey, nonce];
  return new TextEncoder().encode(lines.join("\n"));
}

/** Whether granted bytes (hex) are for this phone's key. */
export function isFor(phone, authorisation) {
  const granted = bytes(authorisation);
  return hex(granted.slice(USER_KEY_AT, USER_KEY_AT + KEY_BYTES)) === phone.publicKey;
}

/** The bytes of one display, made at `timeS` (Unix seconds, the server's time). */
export async function display(phone, authorisation, timeS) {
  const granted = bytes(authorisation);
  const follows = granted.length + 4 + 1 + SIGNATURE_BYTES;
  const signed = new Uint8Array(3 + granted.length + 4);
  signed.set([VERSION, follows >> 8, follows & 0xff]);
  signed.set(granted, 3);
  new DataView(signed.buffer).setUint32(3 + granted.length, timeS);
  const signature = await sign(phone, signed);
  const code = new Uint8Array(signed.length + 1 + SIGNATURE_BYTES);
  code.set(signed);
  code[signed.length] = SIGNATURE_TAG;
  code.set(signature, signed.length + 1);
  return code;
}

/** Draw bytes as a QR picture: byte mode, level M, black on white, with the quiet zone. */
export function draw(canvas, code) {
  const qr = qrcode(0, "M");
  qr.addData(String.fromCharCode(...code), "Byte");
  qr.make();
  const count = qr.getModuleCount();
  canvas.width = canvas.height = (count + 2 * QUIET_MODULES) * MODULE_PIXELS;
  const pen = canvas.getContext("2d", { alpha: false });
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = "#000000";
  for (let row = 0; row < count; row += 1) {
    for (let column = 0; column < count; column += 1) {
      if (qr.isDark(row, column)) {
        const at = [column, row].map((place) => (place + QUIET_MODULES) * MODULE_PIXELS);
        pen.fillRect(...at, MODULE_PIXELS, MODULE_PIXELS);
      }
    }
  }
}

/** The server's time now, as far as this phone's clock and the last contact tell (milliseconds). */
export function serverNowMs(phone) {
  return Date.now() + phone.offsetMs;
}

/** How far this phone's clock is ahead of the server's (seconds); 0 when that need not be told. */
export function clockAheadS(phone) {
  const aheadS = Math.round(-phone.offsetMs / 1000);
  return Math.abs(aheadS) >= TOLD_FROM_S ? aheadS : 0;
}

/** Keep the screen awake while a code is shown, where the browser can. */
export async function stayAwake() {
  try {
    return await navigator.wakeLock?.request("screen");
  } catch {
    return undefined; // a low battery refuses, and the code is shown all the same
  }
}
