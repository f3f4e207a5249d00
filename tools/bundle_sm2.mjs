// Makes the scripts of others that the rider's pages carry, from pinned packages:
//
//   node tools/bundle_sm2.mjs            writes them and vendor.lock
//   node tools/bundle_sm2.mjs --check    says whether they are what the packages give, byte for byte
//
// The packages are those of tools/vendor/package-lock.json, with their integrity; they are fetched
// by `npm ci` into a temporary folder. Whoever only runs Tongxing needs neither node nor this.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "../src/tongxing/rider/static/vendor");
const check = process.argv.includes("--check");
const folder = mkdtempSync(join(tmpdir(), "tongxing-vendor-"));

const HEAD = `# Files of others that are part of the rider's pages. \`node tools/bundle_sm2.mjs\` makes them from
# the packages pinned in tools/vendor/package-lock.json; sm2.min.js is a bundle (esbuild) of the
# parts of three packages that SM2 and SM3 need, qrcode.mjs is the package's file, unchanged.
`;
const BANNER = `/*! SM2 and SM3: sm-crypto-v2 1.15.1 (MIT) on @noble/curves 1.9.7 and
@noble/hashes 1.8.0 (MIT, Paul Miller). Bundled by tools/bundle_sm2.mjs; licences: sm2.LICENSE.txt */`;

function bundled() {
  cpSync(join(here, "vendor"), folder, { recursive: true });
  execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: folder, stdio: "inherit" });
  const out = join(folder, "sm2.min.js");
  execFileSync(
    join(folder, "node_modules/.bin/esbuild"),
    ["sm2_entry.mjs", "--bundle", "--format=esm", "--target=es2022", "--minify", "--charset=ascii",
      "--legal-comments=none", `--banner:js=${BANNER}`, `--outfile=${out}`, "--log-level=warning"],
    { cwd: folder, stdio: "inherit" },
  );
  return readFileSync(out);
}

function licences() {
  const parts = ["sm-crypto-v2/LICENCE_MIT", "@noble/curves/LICENSE", "@noble/hashes/LICENSE"];
  return parts
    .map((path) => `${path.replace(/\/LIC.*/, "")}\n\n${text(path).trim()}\n`)
    .join("\n----\n\n");
}

// qrcode-generator says its licence at the head of its file and ships no other text.
function qrLicence() {
  return text("qrcode-generator/dist/qrcode.mjs").split("\n")
    .slice(0, 15).map((line) => line.replace(/^\/\/-*\s?/, "")).join("\n").trim() + `

The MIT licence:

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT
OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`;
}

function text(path) {
  return readFileSync(join(folder, "node_modules", path), "utf-8");
}

function entry(fields, content) {
  const sha512 = createHash("sha512").update(content).digest("hex");
  const lines = Object.entries({ ...fields, sha512 }).map(([key, value]) => `${key} = "${value}"`);
  return `\n[[file]]\n${lines.join("\n")}\n`;
}

function put(name, content) {
  const path = join(target, name);
  if (!check) return writeFileSync(path, content);
  if (!readFileSync(path).equals(Buffer.from(content))) {
    console.error(`${name} is not what the packages give`);
    process.exitCode = 1;
  }
}

try {
  const sm2 = bundled();
  const qr = Buffer.from(text("qrcode-generator/dist/qrcode.mjs"));
  put("sm2.min.js", sm2);
  put("sm2.LICENSE.txt", licences());
  put("qrcode.mjs", qr);
  put("qrcode.LICENSE.txt", qrLicence());
  put("vendor.lock", HEAD + entry({
    path: "sm2.min.js", name: "sm-crypto-v2", version: "1.15.1",
    from: "package/dist/index.mjs, bundled by tools/bundle_sm2.mjs",
    licence: "MIT", licence_file: "sm2.LICENSE.txt",
  }, sm2) + entry({
    path: "qrcode.mjs", name: "qrcode-generator", version: "2.0.4",
    from: "package/dist/qrcode.mjs", licence: "MIT", licence_file: "qrcode.LICENSE.txt",
  }, qr));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
