"""Reads which partners an operator uses, and their settings, from its environment and its files.

``TONGXING_PARTNERS`` says which: ``sandbox`` (also when it is not set), or a list such as
``alipay,wechat,aliyun``. Which variable fills which setting is data (``data/settings.toml``). Keys
and secrets come from files alone, so that they stand in no process list; a refusal names the
variable and never what is in it.
"""

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from tongxing.kernel.reasons import Problem, Refusal
from tongxing.kernel.texts import Catalogue, load_catalogue
from tongxing.partners.settings import (
    AlipaySettings,
    AliyunSettings,
    PartnerSettings,
    WechatSettings,
)

WHICH = "TONGXING_PARTNERS"
SANDBOX = "sandbox"
_FILE_MAX = 1 << 16
_TEXT_MAX = 2048
_KEY_BITS_MIN = 2048

_Entry = Mapping[str, Any]


def chosen_partners(environ: Mapping[str, str]) -> PartnerSettings | Refusal | None:
    """The settings of the partners that the environment names; None: the sandbox is to play them.

    Refuses PARTNER_SETTING_MISSING and PARTNER_SETTING_BAD, naming the variable.
    """
    wish = environ.get(WHICH, "").strip() or SANDBOX
    if wish == SANDBOX:
        return None
    chosen = [name.strip() for name in wish.split(",")]
    known = _listed()
    try:
        for name in chosen:
            if name not in known:
                raise _bad(WHICH, "partner", name=name[:40], known=", ".join([SANDBOX, *known]))
        for name in chosen:
            _require(known[name], environ)
        made = {name: _values(known[name], environ) for name in chosen}
    except Problem as problem:
        return problem.refusal
    return PartnerSettings(
        AlipaySettings(**made["alipay"]) if "alipay" in made else None,
        WechatSettings(**made["wechat"]) if "wechat" in made else None,
        AliyunSettings(**made["aliyun"]) if "aliyun" in made else None,
    )


def variables() -> list[str]:
    """The name of every variable that is read, for the documents' test."""
    found = [WHICH]
    for fields in _listed().values():
        for entry in fields.values():
            found += [entry["variable"], *([entry["with"]] if "with" in entry else [])]
    return found


def _require(fields: Mapping[str, _Entry], environ: Mapping[str, str]) -> None:
    """Raises Problem for the first variable that has to be set and is not: before any file."""
    for entry in fields.values():
        variable = entry["variable"]
        if "default" not in entry and not environ.get(variable, "").strip():
            raise Problem("PARTNER_SETTING_MISSING", variable, name=variable)


def _values(fields: Mapping[str, _Entry], environ: Mapping[str, str]) -> dict[str, Any]:
    return {name: _value(entry, environ) for name, entry in fields.items()}


def _value(entry: _Entry, environ: Mapping[str, str]) -> object:
    """One setting, checked. Raises Problem."""
    variable = entry["variable"]
    text = environ.get(variable, "").strip() or entry.get("default", "")
    if entry["kind"] == "keyed":
        return _keyed(entry, text, environ)
    return _KINDS[entry["kind"]](entry, text)


def _text(entry: _Entry, text: str) -> str:
    if len(text) > _TEXT_MAX or not text.isprintable():
        raise _bad(entry["variable"], "text")
    return text


def _address(entry: _Entry, text: str) -> str:
    try:
        parts = urlsplit(_text(entry, text))
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _bad(entry["variable"], "address") from None
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and _is_here(host))
    if not is_safe or not host or "@" in parts.netloc or parts.query or parts.fragment:
        raise _bad(entry["variable"], "address")
    return text.rstrip("/")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _choice(entry: _Entry, text: str) -> str:
    if text not in entry["of"]:
        raise _bad(entry["variable"], "choice", known=", ".join(entry["of"]))
    return text


def _file(entry: _Entry, path: str) -> str:
    try:
        with Path(path).open("rb") as stream:
            content = stream.read(_FILE_MAX + 1)
        if len(content) > _FILE_MAX:
            raise ValueError
        return content.decode("utf-8").strip()
    except (OSError, ValueError):
        raise _bad(entry["variable"], "file", path=path) from None


def _secret(entry: _Entry, path: str) -> str:
    found = _file(entry, path)
    if not found:
        raise Problem("PARTNER_SETTING_MISSING", entry["variable"], name=entry["variable"])
    wanted = entry.get("length", len(found))
    if len(found.encode()) != wanted or not found.isascii():
        raise _bad(entry["variable"], "length", length=wanted)
    return found


def _private_key(entry: _Entry, path: str) -> str:
    found = _file(entry, path)
    try:
        key = load_pem_private_key(found.encode(), None)
    except (ValueError, TypeError):
        raise _bad(entry["variable"], "key") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < _KEY_BITS_MIN:
        raise _bad(entry["variable"], "key")
    return found


def _public_key(entry: _Entry, path: str) -> str:
    found = _file(entry, path)
    try:
        key = load_pem_public_key(found.encode())
    except ValueError:
        raise _bad(entry["variable"], "key") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < _KEY_BITS_MIN:
        raise _bad(entry["variable"], "key")
    return found


def _keyed(entry: _Entry, path: str, environ: Mapping[str, str]) -> dict[str, str]:
    if not path:
        return {}
    number = environ.get(entry["with"], "").strip()
    if not number:
        raise Problem("PARTNER_SETTING_MISSING", entry["with"], name=entry["with"])
    return {number: _public_key(entry, path)}


def _names(entry: _Entry, path: str) -> dict[str, str]:
    try:
        found = tomllib.loads(_file(entry, path))
    except tomllib.TOMLDecodeError:
        raise _bad(entry["variable"], "names") from None
    if not found or not all(isinstance(code, str) and code for code in found.values()):
        raise _bad(entry["variable"], "names")
    return found


_KINDS: Mapping[str, Callable[[_Entry, str], object]] = {
    "text": _text,
    "address": _address,
    "choice": _choice,
    "secret": _secret,
    "private_key": _private_key,
    "public_key": _public_key,
    "names": _names,
}


def _bad(variable: str, why: str, **values: object) -> Problem:
    """The refusal of a setting; it says why in both languages, for nobody knows the reader's."""
    texts = _catalogue()
    told = [texts.text(f"setting.{why}", language, **values) for language in ("zh", "en")]
    return Problem("PARTNER_SETTING_BAD", variable, name=variable, why=" / ".join(told))


@cache
def _catalogue() -> Catalogue:
    return load_catalogue("tongxing.partners")


@cache
def _listed() -> Mapping[str, Mapping[str, _Entry]]:
    text = files("tongxing.partners").joinpath("data/settings.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
