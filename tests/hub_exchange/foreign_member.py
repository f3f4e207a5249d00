"""Another vendor's city: it knows docs/exchange-api.md and nothing of ours.

It speaks with `requests`, signs with `cryptography` and packs with a few lines of its own.
"""

import base64
import gzip
import hashlib
import itertools
import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


class NotBelieved(Exception):
    """An answer that the page says not to believe."""


def digest(body: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def packed(*parts: Any) -> bytes:
    """MessagePack of an array of strings, bytes and small numbers."""
    out = bytes([0x90 | len(parts)])
    for part in parts:
        if isinstance(part, int):
            out += bytes([part])
        elif isinstance(part, str):
            raw = part.encode()
            out += bytes([0xD9, len(raw)]) + raw
        else:
            out += bytes([0xC6]) + len(part).to_bytes(4, "big") + part
    return out


def unpacked(message: bytes) -> list[Any]:
    """The five parts of a sealed message."""
    found, place = [], 1
    assert message[0] == 0x95
    for _ in range(5):
        kind, place = message[place], place + 1
        if kind < 0x80:
            found.append(kind)
            continue
        if kind & 0xE0 == 0xA0:
            size, width = kind & 0x1F, 0
        else:
            width = {0xD9: 1, 0xDA: 2, 0xC4: 1, 0xC5: 2, 0xC6: 4}[kind]
            size = int.from_bytes(message[place : place + width], "big")
        place += width
        raw, place = message[place : place + size], place + size
        is_text = kind & 0xE0 == 0xA0 or kind in (0xD9, 0xDA)
        found.append(raw.decode() if is_text else raw)
    assert place == len(message)
    return found


@dataclass
class ForeignMember:
    """A member with its key. `now_s` is its clock."""

    address: str
    member: str
    key_id: str
    secret: bytes
    hub_key: bytes
    now_s: int
    sealing: bytes = b""
    last: str = ""
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def ask(
        self, method: str, path: str, body: bytes = b"", believe: bool = True, **more: str
    ) -> requests.Response:
        """A signed request; its answer, looked at as the page says."""
        fields = {name.replace("_", "-").lower(): value for name, value in more.items()}
        if method == "PUT":
            fields.setdefault("content-digest", digest(body))
        signed, value = self.signed(method, path, fields)
        answer = requests.request(
            method, self.address + path, data=body or None, headers=fields | signed, timeout=30
        )
        if believe:
            self.check(method, path, answer, value)
        return answer

    def signed(
        self, method: str, path: str, fields: dict[str, str], nonce: str = ""
    ) -> tuple[dict[str, str], str]:
        parts = urlsplit(self.address + path)
        known = {
            "@method": method, "@authority": parts.netloc, "@path": parts.path,
            "@query": f"?{parts.query}",
        }  # fmt: skip
        known |= {n: fields[n] for n in ("content-digest", "content-range") if n in fields}
        names = " ".join(f'"{name}"' for name in known)
        nonce = nonce or base64.b64encode(secrets.token_bytes(16)).decode()
        inputs = (
            f'({names});created={self.now_s};keyid="{self.key_id}";nonce="{nonce}"'
            ';tag="tongxing-hub-1"'
        )
        lines = [f'"{name}": {value}' for name, value in known.items()]
        lines.append(f'"@signature-params": {inputs}')
        key = Ed25519PrivateKey.from_private_bytes(self.secret)
        value = base64.b64encode(key.sign("\n".join(lines).encode())).decode()
        return {"Signature-Input": f"s1={inputs}", "Signature": f"s1=:{value}:"}, f":{value}:"

    def check(self, method: str, path: str, answer: requests.Response, signature: str) -> None:
        """Raise NotBelieved unless the hub said this, to this very request."""
        label, _, inputs = answer.headers.get("Signature-Input", "").partition("=")
        given = answer.headers.get("Signature", "").removeprefix(f"{label}=").strip(":")
        parts = urlsplit(self.address + path)
        known = {
            '"@status"': str(answer.status_code), '"@method";req': method,
            '"@path";req': parts.path, '"@query";req': f"?{parts.query}",
            '"signature";key="s1";req': signature, '"signature";req;key="s1"': signature,
        }  # fmt: skip
        for name in ("content-digest", "content-range", "repr-digest"):
            if name in answer.headers:
                known[f'"{name}"'] = answer.headers[name]
        covered = inputs[1 : inputs.index(")")].split() if ")" in inputs else []
        needed = {'"@status"', '"content-digest"', '"@method";req', '"@path";req', '"@query";req'}
        needed |= {f'"{n}"' for n in ("content-range", "repr-digest") if n in answer.headers}
        bound = any(name.startswith('"signature"') for name in covered)
        bound |= answer.status_code >= 400  # a hub may refuse what it did not look at
        if not needed <= set(covered) or not bound or 'tag="tongxing-hub-1"' not in inputs:
            raise NotBelieved(answer.status_code, answer.text[:200])
        lines = [f"{name}: {known[name]}" for name in covered]
        lines.append(f'"@signature-params": {inputs}')
        key = Ed25519PublicKey.from_public_bytes(self.hub_key)
        try:
            key.verify(base64.b64decode(given), "\n".join(lines).encode())
        except Exception as error:
            raise NotBelieved(answer.status_code) from error
        if answer.headers["content-digest"] != digest(answer.content):
            raise NotBelieved("digest")

    def file(self, records: list[dict[str, Any]], **wrong: Any) -> tuple[str, bytes, bytes]:
        """The name, sealed manifest and data of the next file."""
        lines = [json.dumps(record).encode() + b"\n" for record in records]
        data = gzip.compress(b"".join(lines))
        file_id = f"{self.member}-{next(self.numbers):04d}"
        manifest = {
            "file_id": file_id, "sender": self.member, "created_s": self.now_s,
            "rows": len(records), "delta_sum_fen": sum(one["delta_fen"] for one in records),
            "data_sha256": hashlib.sha256(data).hexdigest(),
            "previous_manifest_sha256": self.last,
        }  # fmt: skip
        return file_id, self.seal("Manifest", manifest | wrong), data

    def seal(self, kind: str, body: dict[str, Any]) -> bytes:
        content = json.dumps(body).encode()
        key = Ed25519PrivateKey.from_private_bytes(self.sealing or self.secret)
        signed = f"tongxing/{kind}/1/{self.member}\n".encode() + content
        return packed(kind, 1, self.member, content, key.sign(signed))

    def open(self, message: bytes) -> dict[str, Any]:
        """The body of a message that the hub sealed."""
        kind, version, sender, content, signature = unpacked(message)
        key = Ed25519PublicKey.from_public_bytes(self.hub_key)
        key.verify(signature, f"tongxing/{kind}/{version}/{sender}\n".encode() + content)
        return {"kind": kind, **json.loads(content)}

    def at(self, rest: str) -> str:
        return f"/v1/members/{self.member}/{rest}"

    def letters(self, after: int = 0) -> list[dict[str, Any]]:
        return self.ask("GET", self.at(f"letters?after={after}")).json()["letters"]
