"""Another vendor's member system on the kit's bench: it knows the two pages and none of our code.

Its books are a dictionary, which a power cut leaves as it is; all else is forgotten.
"""

import hashlib
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import requests

sys.path.insert(0, str(Path(__file__).parents[1] / "hub_exchange"))

from foreign_member import ForeignMember, NotBelieved

FARE_FEN = 300
ORDER = ("verdicts", "carried_verdicts", "issuer_detail", "statement")
TRIES = 2


class StrangerMember:
    """The system behind its test port."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = {}

    def about(self, _: Any) -> dict[str, Any]:
        return {
            "name": "stranger",
            "software": "7",
            "can": ["acquirer", "issuer", "power", "registers"],
        }

    def setup(self, told: dict[str, Any]) -> dict[str, Any]:
        self.told = told
        self.kept: dict[str, Any] = {
            "rides": 0, "waiting": [], "files": [], "open": None, "last": "", "letters": [],
            "numbers": defaultdict(int), "due": defaultdict(int), "statements": [], "sent": {},
            "losses": 0, "register": [1, b"", True], "others": {}, "seen": 0,
        }  # fmt: skip
        return {"ok": True}

    def power(self, _: Any) -> dict[str, Any]:
        return {"ok": True}

    def rides(self, told: dict[str, Any]) -> dict[str, Any]:
        for _ in range(told["count"]):
            self.kept["rides"] += 1
            self.kept["waiting"].append(self.record(self.kept["rides"]))
        return {"count": told["count"], "sum_fen": told["count"] * FARE_FEN}

    def losses(self, told: dict[str, Any]) -> dict[str, Any]:
        self.kept["losses"] += told["count"]
        version = self.kept["register"][0] + 1
        one = self.member(self.told["issuer"])
        media = [[str(number + 1), 1] for number in range(self.kept["losses"])]
        body = {"version": version, "published_s": int(time.time()), "losses": media}
        self.kept["register"] = [version, one.seal("LossRegister", body), False]
        return {"ok": True}

    def record(self, number: int) -> dict[str, Any]:
        told, moment = self.told, 1_773_706_500 + number
        return {
            "record_id": f"s{number}.1", "trip_id": f"s{number}", "revision": 1,
            "acquirer": told["acquirer"], "issuer": told["issuer"], "medium_no": "1",
            "medium_kind": "card", "scheme": "local", "funding": "account", "city": told["city"],
            "place": told["city"], "mode": "bus", "operator": "OP", "line": "1", "origin": "",
            "destination": "", "entered_s": moment, "exited_s": moment, "how": "single_tap",
            "fare_fen": FARE_FEN, "charge_fen": FARE_FEN, "delta_fen": FARE_FEN, "tariff": "1",
            "deny_list_version": 0, "taps": [["T", 1, number]],
        }  # fmt: skip

    def round(self, _: Any) -> dict[str, Any]:
        trouble: list[str] = []
        try:
            while self.kept["open"] or self.kept["waiting"]:
                self.send()
        except (NotBelieved, requests.RequestException, RuntimeError) as error:
            trouble.append(f"{type(error).__name__} {error}")
        for member in (self.told["acquirer"], self.told["issuer"]):
            try:
                self.fetch(member)
            except (NotBelieved, requests.RequestException, RuntimeError) as error:
                trouble.append(f"{type(error).__name__} {error}")
        try:
            trouble += self.registers()
        except (NotBelieved, requests.RequestException, RuntimeError) as error:
            trouble.append(f"{type(error).__name__} {error}")
        trouble += self.book()
        return {"trouble": trouble}

    def books(self, _: Any) -> dict[str, Any]:
        due = self.kept["due"].items()
        return {
            "files": [{"file_id": name, "booked": done} for name, done in self.kept["files"]],
            "due": [{"window_id": w, "member": m, "due_fen": fen} for (w, m), fen in due],
            "statements": self.kept["statements"],
            "registers": [
                {"kind": kind, "owner": owner, "version": version}
                for (kind, owner), version in self.kept["others"].items()
            ],
        }

    def member(self, name: str) -> ForeignMember:
        hub, secret = self.told["hub"], bytes.fromhex(self.told["secret"])
        public = bytes.fromhex(hub["public_key"])
        key_id = self.told["key_id"]
        return ForeignMember(hub["address"], name, key_id, secret, public, int(time.time()))

    def asked(self, one: ForeignMember, *what: Any) -> requests.Response:
        """A believed answer of success; twice tried, waiting as told."""
        for left in reversed(range(TRIES)):
            try:
                answer = one.ask(*what)
            except (NotBelieved, requests.RequestException):
                if not left:
                    raise
                continue
            if answer.status_code < 400:
                return answer
            if answer.status_code != 503 or not left:
                raise RuntimeError(answer.text[:80])
            time.sleep(int(answer.headers["retry-after"]))
        raise RuntimeError("never asked")

    def send(self) -> None:
        one = self.member(self.told["acquirer"])
        if self.kept["open"] is None:
            one.last = self.kept["last"]
            one.numbers = iter([len(self.kept["files"]) + 1])
            self.kept["open"] = one.file(self.kept["waiting"])
            self.kept["files"].append([self.kept["open"][0], False])
            self.kept["sent"] |= {each["record_id"]: each for each in self.kept["waiting"]}
            self.kept["waiting"] = []
        file_id, manifest, data = self.kept["open"]
        path = one.at(f"files/{file_id}")
        told = self.asked(one, "PUT", f"{path}/manifest", manifest).json()
        if told["state"] != "booked":
            told = self.asked(one, "PUT", f"{path}/data", data).json()
        if told["state"] != "booked" or told["file_id"] != file_id:
            raise RuntimeError("not booked")
        self.kept["last"] = hashlib.sha256(manifest).hexdigest()
        self.kept["open"] = None

    def fetch(self, name: str) -> None:
        one, kept = self.member(name), self.kept
        page = self.asked(one, "GET", one.at(f"letters?after={kept['numbers'][name]}")).json()
        for letter in page["letters"]:
            if letter["number"] <= kept["numbers"][name]:
                continue
            content = self.asked(one, "GET", one.at(f"letters/{letter['number']}")).content
            if hashlib.sha256(content).hexdigest() != letter["sha256"]:
                raise RuntimeError("another letter than listed")
            kept["numbers"][name] = letter["number"]
            if letter["kind"] in ORDER:
                kept["letters"].append((letter["kind"], name, letter["name"], content))

    def registers(self) -> list[str]:
        """Hand the losses in, until they are taken; keep what is new of others and of the hub."""
        one, kept, trouble = self.member(self.told["issuer"]), self.kept, []
        version, message, is_taken = kept["register"]
        if not is_taken:
            self.asked(one, "PUT", one.at(f"registers/LossRegister/{version}"), message)
            kept["register"][2] = True
        page = self.asked(one, "GET", one.at(f"registers?after={kept['seen']}")).json()
        for entry in page["registers"]:
            if entry["owner"] != self.told["issuer"]:
                content = self.asked(one, "GET", one.at(f"registers/{entry['number']}")).content
                if hashlib.sha256(content).hexdigest() != entry["sha256"]:
                    raise RuntimeError("another register than listed")
                if entry["owner"] == self.told["hub"]["sender"]:
                    try:
                        one.open(content)
                    except Exception:
                        trouble.append("a register that the hub did not seal")
                        break
                kept["others"][entry["kind"], entry["owner"]] = entry["version"]
            kept["seen"] = entry["number"]
        return trouble

    def book(self) -> list[str]:
        trouble, waiting = [], []
        for letter in sorted(self.kept["letters"], key=lambda one: ORDER.index(one[0])):
            kind, name, about, content = letter
            try:
                body = self.member(name).open(content)
                done = getattr(self, f"book_{kind}")(body, about)
            except Exception as error:
                done, why = False, type(error).__name__
            else:
                why = kind
            if not done:
                waiting.append(letter)
                trouble.append(why)
        self.kept["letters"] = waiting
        return trouble

    def book_verdicts(self, body: dict[str, Any], about: str) -> bool:
        for verdict in body["verdicts"]:
            if verdict["status"] == "accepted":
                self.due(body["window_id"], self.kept["sent"][verdict["record_id"]]["delta_fen"])
        for file in self.kept["files"]:
            file[1] = file[1] or file[0] == about
        return True

    book_carried_verdicts = book_verdicts

    def due(self, window: str, fen: int) -> None:
        self.kept["due"][window, self.told["acquirer"]] += fen
        self.kept["due"][window, self.told["issuer"]] -= fen

    def book_issuer_detail(self, body: dict[str, Any], _: str) -> bool:
        total = sum(record["delta_fen"] for record in body["records"])
        self.kept["due"][body["window_id"], self.told["issuer"]] -= total
        return True

    def book_statement(self, body: dict[str, Any], _: str) -> bool:
        where = body["window_id"], body["member"]
        if body["member"] not in (self.told["acquirer"], self.told["issuer"]):
            return False
        if self.kept["due"][where] != body["net_fen"]:
            return False
        told = {"window_id": where[0], "member": where[1], "net_fen": body["net_fen"]}
        self.kept["statements"].append(told)
        return True
