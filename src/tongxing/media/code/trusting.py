"""The files that tell a gate whom to believe: root keys, welcome issuers, denied accounts.

Roots are JSON or TOML (index → public key in hex), one bare key in hex, or one in PEM; lists are
lines. A file that is not wholly understood is refused: half a list is worse than none.
"""

import base64
import binascii
import json
import re
import tomllib
from collections.abc import Mapping

from tongxing.kernel.reasons import Refusal, all_reasons
from tongxing.media.crypto.sm2 import Sm2

INDEX_OF_ONE_KEY = 1
_INDEX_MAX = 255
_HEX_KEY = re.compile(r"[0-9A-Fa-f]{66}|[0-9A-Fa-f]{128}|[0-9A-Fa-f]{130}")
_INDEX = re.compile(r"0x[0-9A-Fa-f]{1,2}|[0-9]{1,3}")
_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----\s(.+?)-----END PUBLIC KEY-----", re.DOTALL)
_SM2_PUBLIC = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
_ISSUER = re.compile(r"[0-9]{8}")
_ACCOUNT = re.compile(r"[0-9]{1,16}|[0-9]{19,20}")
_DENIED = "ACCOUNT_DENIED"


def parse_roots(content: bytes, sm2: Sm2) -> dict[int, bytes] | Refusal:
    """Root keys (33 bytes) by index. Refuses with CODE_ROOTS, which names the entry."""
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return _no_roots("")
    if _HEX_KEY.fullmatch(text):
        return _keys({str(INDEX_OF_ONE_KEY): text}, sm2)
    if pem := _PEM.search(text):
        return _keys({str(INDEX_OF_ONE_KEY): _from_pem(pem.group(1))}, sm2)
    table = _table(text)
    if isinstance(table, Mapping) and isinstance(table.get("roots"), Mapping):
        table = table["roots"]
    return _keys(table, sm2) if isinstance(table, Mapping) and table else _no_roots("")


def parse_issuers(content: bytes) -> frozenset[str] | Refusal:
    """Issuer ids (8 digits), one a line; ``#`` begins a remark. Refuses with CODE_LIST."""
    lines = _lines(content)
    if isinstance(lines, Refusal):
        return lines
    for number, line in lines:
        if not _ISSUER.fullmatch(line):
            return _no_list(number)
    return frozenset(line for _, line in lines)


def parse_denied(content: bytes) -> dict[str, str] | Refusal:
    """Denied accounts or card numbers, one a line, each with a reason code or ACCOUNT_DENIED.

    An account of up to 16 digits is padded with zeros as codes carry it. Refuses with CODE_LIST.
    """
    lines = _lines(content)
    if isinstance(lines, Refusal):
        return lines
    found: dict[str, str] = {}
    for number, line in lines:
        account, _, why = line.partition(" ")
        why = why.strip() or _DENIED
        if not _ACCOUNT.fullmatch(account) or why not in all_reasons():
            return _no_list(number)
        found[account.rjust(16, "0")] = why
    return found


def _keys(table: Mapping[str, object], sm2: Sm2) -> dict[int, bytes] | Refusal:
    found: dict[int, bytes] = {}
    for name, text in table.items():
        if not _INDEX.fullmatch(name) or not isinstance(text, str) or not _HEX_KEY.fullmatch(text):
            return _no_roots(name)
        index = int(name, 16 if name.startswith("0x") else 10)
        key = sm2.key(bytes.fromhex(text))
        if key is None or index > _INDEX_MAX or index in found:
            return _no_roots(name)
        found[index] = key.compressed
    return found


def _from_pem(body: str) -> str:
    """The point of an SM2 key in PEM as hex; "" when it is another kind of key."""
    try:
        der = base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return der.removeprefix(_SM2_PUBLIC).hex() if der.startswith(_SM2_PUBLIC) else ""


def _table(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _lines(content: bytes) -> list[tuple[int, str]] | Refusal:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _no_list(1)
    bare = [line.partition("#")[0].strip() for line in text.splitlines()]
    return [(number, line) for number, line in enumerate(bare, start=1) if line]


def _no_roots(name: str) -> Refusal:
    return Refusal("CODE_ROOTS", name)


def _no_list(line: int) -> Refusal:
    return Refusal("CODE_LIST", values={"line": line})
