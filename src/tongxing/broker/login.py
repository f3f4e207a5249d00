"""Who one is at a broker: a small file with a name and a password, or with a certificate.

::

    user = "xsz"
    password = "…"                 # or, beside this file:
    certificate = "client.pem"
    key = "client.key"
"""

import re
import ssl
import stat
import sys
import tomllib
from pathlib import Path
from typing import Annotated

import msgspec

from tongxing.kernel.reasons import Refusal

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z:_.-]{0,63}", re.ASCII)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
Text = Annotated[str, msgspec.Meta(max_length=400)]


class Login(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`user` is the name that the broker knows this client by: what it logs in with, or the common
    name of its certificate. It is a level of the client's topics. Files are PEM."""

    user: Text = ""
    password: Text = ""
    certificate: Text = ""
    key: Text = ""

    def __repr__(self) -> str:
        return f"Login({self.user!r})"  # never the password

    def prove(self, context: ssl.SSLContext) -> None:
        """Give a context the certificate. Raises OSError when the files do not fit."""
        if self.certificate:
            context.load_cert_chain(self.certificate, self.key or None, password=_nothing)


NOBODY = Login()
"""Nobody in particular, for a broker on this machine that lets everybody in."""


def is_name(text: str) -> bool:
    """Whether a text can be a level of topics: 1 to 64 letters, digits and ``:_.-``."""
    return _NAME.fullmatch(text) is not None


def read_login(path: Path) -> Login | Refusal:
    """What stands in a file. Refuses BROKER_LOGIN_FILE, and BROKER_LOGIN_OPEN for a password or a
    private key that others may read."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Login)
        secrets = [path] if found.password else []
        if found.certificate:
            found = msgspec.structs.replace(
                found,
                certificate=str(path.parent / found.certificate),
                key=str(path.parent / (found.key or found.certificate)),
            )
            secrets.append(Path(found.key))
        open_ones = [one for one in secrets if _is_open(one)]
        found.prove(ssl.create_default_context())
    except (OSError, ValueError, msgspec.ValidationError) as error:
        detail = (str(error).splitlines() or [type(error).__name__])[0][:200]
        return Refusal("BROKER_LOGIN_FILE", str(path), {"detail": detail})
    if open_ones:
        return Refusal("BROKER_LOGIN_OPEN", str(open_ones[0]), {"path": open_ones[0]})
    if not is_name(found.user) or not (found.password or found.certificate):
        return Refusal("BROKER_LOGIN_FILE", str(path), {"detail": "user, password / certificate"})
    return found


def _is_open(path: Path) -> bool:
    return sys.platform != "win32" and bool(path.stat().st_mode & _OTHERS)


def _nothing() -> bytes:
    """The passphrase of a key that has none: nobody is asked on a terminal."""
    return b""
