"""Another vendor's validator: it knows docs/device-protocol.md, docs/conformance-gate.md and
nothing of our gate. It reads codes only, sends one batch at a time, takes no deltas, and has bought
its reading of ride codes and the check of their signatures (`media.code.verify`).
"""

import base64
import hashlib
import json
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tongxing.media.code.verify import Accepted, Trust, verify

_TABLES = """
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tap (
    id INTEGER PRIMARY KEY, terminal TEXT, epoch INTEGER, number INTEGER, body TEXT, batch TEXT
);
CREATE TABLE IF NOT EXISTS batch (sha TEXT PRIMARY KEY, message BLOB, count INTEGER, done INTEGER);
CREATE TABLE IF NOT EXISTS display (code BLOB PRIMARY KEY);
"""
_BATCH_MOST = 500
_KINDS = ("open_all", "manual", "free_ride", "normal")
Answer = dict[str, Any]


class Stranger:
    """The device, in a folder of its own. Everything it must not forget is in one SQLite file."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "vendor.db"
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def about(self) -> Answer:
        return {"name": "Stranger", "software": "7", "can": ["code", "power"]}

    def setup(self, given: Answer) -> Answer:
        """A new key, an empty storage, an enrolment."""
        self._stop()
        for path in self._file.parent.glob("vendor.db*"):
            path.unlink()
        key = Ed25519PrivateKey.generate()
        self._open()
        self._keep("setup", given)
        self._keep("key", key.private_bytes_raw().hex())
        self._keep("epoch", int.from_bytes(key.private_bytes_raw()[:6], "big") + 1)
        self._load()
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        body = {"code": given["city"]["code"], "public_key": base64.b64encode(public).decode()}
        body |= {"software": "Stranger 7", "sent_s": 0}
        told = self._opened(self._post("enrol", self._seal("Enrolment", body, "enrolment")))
        if told is None or base64.b64decode(told["public_key"]) != public:
            return error("ENROLMENT", "the city did not answer")
        self._keep("name", told["device"])
        self._start()
        return {"ok": True}

    def power(self, given: Answer) -> Answer:
        """Whatever was not in the file is gone."""
        self._stop()
        self._start()
        return {"ok": True}

    def state(self) -> Answer:
        with self._lock:
            return {
                "time_s": self._now_s(),
                "deny_list": self._kept("deny", {"version": 0})["version"],
                "waiting_taps": self._waiting(),
                "mode": self._mode(),
            }

    def show(self, given: Answer) -> Answer:
        """Decide, write down, open."""
        with self._lock:
            roles = {one["id"]: one["role"] for one in self._setup["terminals"]}
            if given["terminal"] not in roles:
                return error("TERMINAL_UNKNOWN", given["terminal"])
            raw = bytes.fromhex(given["code"])
            reason, code = self._decision(raw, roles[given["terminal"]])
            opened = reason in ("OPEN", "FREE_RIDE")
            self._write(given["terminal"], roles[given["terminal"]], code, reason, opened)
            return {"opened": opened, "reason": reason}

    def _decision(self, raw: bytes, role: str) -> tuple[str, Any]:
        setup, deny = self._setup, self._kept("deny", {"entries": {}})["entries"]
        trust = Trust(
            roots={int(index): bytes.fromhex(key) for index, key in setup["roots"].items()},
            issuers=frozenset(setup["issuers"]),
        )
        fare = setup["fare_most_fen"] if role == "entry" else 0
        found = verify(raw, trust, self._now_s(), fare_fen=fare)
        if self._mode() == "manual":
            return "GATE_MANUAL", found.code
        if not isinstance(found, Accepted):
            return found.refusal.code, found.code
        if self._db.execute("SELECT 1 FROM display WHERE code = ?", (raw,)).fetchone():
            return "QR_REPLAYED", found.code
        if setup["issuers"][found.code.issuer_id]["city"] != setup["place"]["city"]:
            return "LOCAL_SCHEME_ELSEWHERE", found.code
        denied = deny.get("Q" + found.code.payment_account)
        return denied or ("FREE_RIDE" if self._mode() == "free_ride" else "OPEN"), found.code

    def _write(self, terminal: str, role: str, code: Any, reason: str, opened: bool) -> None:
        place, epoch = self._setup["place"], self._kept("epoch", 1)
        query = "SELECT coalesce(max(number), 0) FROM tap WHERE terminal = ?"
        number = self._db.execute(query, (terminal,)).fetchone()[0] + 1
        issuer = self._setup["issuers"].get(code.issuer_id) if code is not None else None
        body = place | {
            "ref": [terminal, epoch, number],
            "time_s": self._now_s(),
            "kind": role,
            "medium_no": "unread" if code is None else "Q" + code.payment_account,
            "medium_kind": "code",
            "scheme": issuer["scheme"] if issuer else "unread",
            "issuer": issuer["city"] if issuer else "",
            "product": "ordinary",
            "funding": "account",
            "outcome": "opened" if opened else "refused",
            "reason": reason,
            "tariff": "ours",
            "deny_list_version": self._kept("deny", {"version": 0})["version"],
        }
        if opened:
            body["code"] = base64.b64encode(code.raw).decode()
        with self._db:
            insert = "INSERT INTO tap (terminal, epoch, number, body) VALUES (?, ?, ?, ?)"
            self._db.execute(insert, (terminal, epoch, number, json.dumps(body)))
            if opened:
                self._db.execute("INSERT INTO display VALUES (?)", (code.raw,))

    def _work(self) -> None:
        """The line to the city: a heartbeat, the list, the batches; after a failure, later."""
        wait_s, beat_at = 0.1, 0.0
        while not self._over.wait(wait_s):
            try:
                ok = True
                if time.monotonic() >= beat_at:
                    ok = self._beat()
                    beat_at = time.monotonic() + (1.0 if ok else 0.0)
                ok = ok and self._fetch() and self._send()
            except requests.RequestException:
                ok = False
            wait_s = 0.1 if ok else max(min(max(wait_s * 2, 1.0), 8.0), self._rest_s)
            self._rest_s = 0

    def _beat(self) -> bool:
        with self._lock:
            number = max(self._kept("beat", 0) + 1, int(time.time()))
            self._keep("beat", number)
            done = self._kept("done", [])
            query = "SELECT terminal, epoch, max(number) FROM tap GROUP BY terminal, epoch"
            waiting = self._db.execute("SELECT sha FROM batch WHERE done = 0").fetchall()
            body = {
                "device": self._name,
                "number": number,
                "sent_s": self._now_s(),
                "software": "Stranger 7",
                "lists": {"deny": self._kept("deny", {"version": 0})["version"]},
                "tariff": "ours",
                "waiting_taps": self._waiting(),
                "waiting_batches": [sha for (sha,) in waiting],
                "counts": [list(row) for row in self._db.execute(query)],
                "free_bytes": 1,
                "clock_offset_s": None,
                "mode": self._mode(),
                "done": done,
            }
            message = self._seal("Heartbeat", body)
        told = self._opened(self._post("heartbeat", message))
        if told is None or (told["device"], told["number"]) != (self._name, number):
            return False
        with self._lock:
            self._ahead_s = told["time_s"] - int(time.time())
            self._newest = told["lists"].get("deny", 0)
            self._take_orders(told, done)
            for terminal, epoch, first, last in told["missing"]:
                self._send_again(terminal, epoch, first, last)
        return True

    def _take_orders(self, told: Answer, done: list[Any]) -> None:
        book = self._kept("orders", {"last": 0, "kind": "normal", "until": 0})
        left = [one for one in self._kept("done", []) if one not in done]
        for order in sorted(told["orders"], key=lambda one: one["order_no"]):
            if any(one[0] == order["order_no"] for one in left):
                continue
            outcome = "taken" if order["until_s"] > told["time_s"] else "over"
            outcome = outcome if order["kind"] in _KINDS else "unknown"
            outcome = outcome if order["order_no"] > book["last"] else "passed_over"
            if outcome == "taken":
                book |= {"kind": order["kind"], "until": order["until_s"]}
            book["last"] = max(book["last"], order["order_no"])
            left.append([order["order_no"], self._now_s(), outcome])
        self._keep("orders", book)
        self._keep("done", left)

    def _send_again(self, terminal: str, epoch: int, first: int, last: int) -> None:
        """Only what had a receipt goes into another batch; the rest is on its way."""
        with self._db:
            self._db.execute(
                "UPDATE tap SET batch = NULL WHERE terminal = ? AND epoch = ? AND number >= ? AND"
                " number <= ? AND batch IN (SELECT sha FROM batch WHERE done = 1)",
                (terminal, epoch, first, last),
            )

    def _fetch(self) -> bool:
        have = self._kept("deny", {"version": 0})["version"]
        if self._newest <= have:
            return True
        asking = {"device": self._name, "path": "/v1/lists/deny?since=0", "sent_s": self._now_s()}
        token = base64.urlsafe_b64encode(self._seal("Asking", asking)).decode().rstrip("=")
        headers = {"Authorization": f"Tongxing {token}"}
        answer = requests.get(self._address + asking["path"], headers=headers, timeout=10)
        told = self._opened(answer) if answer.status_code == 200 else None
        if told is None or not self._may_load(told) or told["version"] <= have:
            self._newest = have  # asked again when the next heartbeat says so
            return True
        entries = dict(told["entries"])
        with self._lock:
            self._keep("deny", {"version": told["version"], "entries": entries})
        return True

    def _may_load(self, told: Answer) -> bool:
        """Whether a list is this city's and within its days."""
        ends_s = told.get("not_after_s", 0)
        is_over = 0 < ends_s <= self._now_s()
        is_early = self._now_s() < told.get("not_before_s", 0)
        return told["city"] == self._setup["place"]["city"] and not (is_over or is_early)

    def _send(self) -> bool:
        with self._lock:
            found = self._db.execute("SELECT sha, message, count FROM batch WHERE done = 0 LIMIT 1")
            row = found.fetchone() or self._batch()
        if row is None:
            return True
        sha, message, count = row
        told = self._opened(self._post("batches", message))
        wanted = (self._name, sha, count)
        if told is None or (told["site"], told["batch_sha256"], told["accepted"]) != wanted:
            return False
        with self._lock, self._db:
            self._db.execute("UPDATE batch SET done = 1 WHERE sha = ?", (sha,))
        return True

    def _batch(self) -> Any:
        """A new batch of taps that are in none, kept before it is sent."""
        query = f"SELECT id, body FROM tap WHERE batch IS NULL ORDER BY id LIMIT {_BATCH_MOST}"
        rows = self._db.execute(query).fetchall()
        if not rows:
            return None
        taps = [json.loads(body) for _, body in rows]
        message = self._seal("TapBatch", {"site": self._name, "taps": taps})
        sha = hashlib.sha256(message).hexdigest()
        with self._db:
            ids = [(sha, row) for row, _ in rows]
            self._db.execute("INSERT INTO batch VALUES (?, ?, ?, 0)", (sha, message, len(taps)))
            self._db.executemany("UPDATE tap SET batch = ? WHERE id = ?", ids)
        return sha, message, len(taps)

    def _waiting(self) -> int:
        query = "SELECT count(*) FROM tap LEFT JOIN batch ON batch = sha WHERE done IS NOT 1"
        return int(self._db.execute(query).fetchone()[0])

    def _mode(self) -> str:
        book = self._kept("orders", {"kind": "normal", "until": 0})
        return str(book["kind"]) if self._now_s() < book["until"] else "normal"

    def _now_s(self) -> int:
        return int(time.time()) + self._ahead_s

    def _seal(self, kind: str, body: Any, sender: str = "") -> bytes:
        content = json.dumps(body, ensure_ascii=False).encode()
        sender = sender or self._name
        signed = f"tongxing/{kind}/1/{sender}\n".encode() + content
        return msgspec.msgpack.encode([kind, 1, sender, content, self._key.sign(signed)])

    def _opened(self, answer: requests.Response) -> Answer | None:
        """What a success says, if the city signed it."""
        if answer.status_code != 200:
            return None
        try:
            kind, version, sender, content, signature = msgspec.msgpack.decode(answer.content)
            signed = f"tongxing/{kind}/{version}/{sender}\n".encode() + content
            self._city.verify(signature, signed)
        except (msgspec.MsgspecError, ValueError, TypeError, InvalidSignature):
            return None
        found: Answer = json.loads(content)
        return found

    def _post(self, path: str, message: bytes) -> requests.Response:
        headers = {"Content-Type": "application/vnd.tongxing.sealed"}
        answer = requests.post(f"{self._address}/v1/{path}", message, headers=headers, timeout=10)
        self._rest_s = int(answer.headers.get("Retry-After", "0"))
        return answer

    def _open(self) -> None:
        self._db = sqlite3.connect(self._file, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_TABLES)

    def _load(self) -> None:
        self._ahead_s, self._newest, self._rest_s = 0, 0, 0
        self._setup = self._kept("setup", {})
        self._address = self._setup["city"]["address"]
        self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self._kept("key", "")))
        raw = bytes.fromhex(self._setup["city"]["public_key"])
        self._city = Ed25519PublicKey.from_public_bytes(raw)
        self._name = self._kept("name", "")

    def _start(self) -> None:
        self._over.clear()
        self._open()
        self._load()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _stop(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._db.close()
            self._thread = None

    def _keep(self, name: str, value: Any) -> None:
        with self._db:
            self._db.execute("REPLACE INTO kept VALUES (?, ?)", (name, json.dumps(value)))

    def _kept(self, name: str, default: Any) -> Any:
        row = self._db.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
        return default if row is None else json.loads(row[0])


def error(code: str, text: str) -> Answer:
    """The one shape of errors."""
    step = {"next_step_zh": "", "next_step_en": "", "where": ""}
    return {"code": code, "message_zh": text, "message_en": text} | step
