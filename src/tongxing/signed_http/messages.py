"""A request and an answer as far as signatures are concerned, and what each must cover."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

TAG = "tongxing-hub-1"
"""The application a signature is for: one made for something else is not believed here."""

LABEL = "tx"
"""How our own signatures are labelled; a label of another's choice is as good."""

OF_REQUESTS = ("@method", "@authority", "@path", "@query")
OF_ANSWERS = ("@status", "content-digest", '"@method";req', '"@path";req', '"@query";req')
IF_PRESENT = ("content-digest", "content-range", "repr-digest")
"""Fields that a signature must cover wherever the message has them."""


class Fields:
    """Header fields by name, whose case does not count. Lines of a name stand apart in `items`."""

    def __init__(self, lines: Iterable[tuple[str, str]] = ()) -> None:
        self._lines = [(name.lower(), value) for name, value in lines]

    def items(self) -> list[tuple[str, str]]:
        """All lines in their order, names in lower case."""
        return list(self._lines)

    def get(self, name: str) -> str:
        """The values of a name, joined as HTTP says; "" where there is none."""
        return ", ".join(value for known, value in self._lines if known == name.lower())

    def __contains__(self, name: str) -> bool:
        return any(known == name.lower() for known, _ in self._lines)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for name, _ in self._lines))

    def __setitem__(self, name: str, value: str) -> None:
        self._lines = [line for line in self._lines if line[0] != name.lower()]
        self._lines.append((name.lower(), value))

    def __delitem__(self, name: str) -> None:
        self._lines = [line for line in self._lines if line[0] != name.lower()]


@dataclass(slots=True)
class Request:
    """What was asked: `url` is whole and encoded, as the one who asks wrote it."""

    method: str
    url: str
    headers: Fields = field(default_factory=Fields)


@dataclass(slots=True)
class Answer:
    """What was answered to `request`."""

    status_code: int
    headers: Fields
    request: Request


@dataclass(frozen=True, slots=True)
class HttpKey:
    """A private key and the name by which the other side knows its public half."""

    key_id: str
    private: Ed25519PrivateKey

    def public(self) -> Ed25519PublicKey:
        """The half that others check with."""
        return self.private.public_key()
