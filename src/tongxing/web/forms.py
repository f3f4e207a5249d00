"""What a page was sent, and what was wrong with it.

Forms are read here and nowhere else: bounded, as text and nothing more. Whether what they say is
right is for the desks to decide.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends
from starlette.requests import Request

from tongxing.kernel.reasons import Problem, Refusal

FORM_BYTES_MAX = 32_000
_FIELDS_MAX = 60
_REQUEST_ID_MOST = 64


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with a field ("": with the request as a whole), and what to do about it."""

    field: str
    message: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Posted:
    """The fields of a form, each cut to length. A field that was not sent is ""."""

    fields: Mapping[str, str]
    every: Mapping[str, tuple[str, ...]]

    def value(self, name: str, most: int = 200) -> str:
        """A field without the blanks around it."""
        return self.fields.get(name, "")[:most].strip()

    def raw(self, name: str, most: int = 2_000) -> str:
        """A field as it was sent, for a desk that looks at every sign of it."""
        return self.fields.get(name, "")[:most]

    def ticked(self, name: str) -> bool:
        """Whether a box was ticked."""
        return self.fields.get(name) == "yes"

    def many(self, name: str) -> tuple[str, ...]:
        """All values of a field that may come several times."""
        return self.every.get(name, ())

    @property
    def request_id(self) -> str:
        """The id that the form was given; a new one for a form without."""
        found = self.value("request_id", _REQUEST_ID_MOST)
        return found if found.isascii() and found.isalnum() else new_id()


def new_id() -> str:
    """An id of a request, made when its form is shown: the same form sent twice acts once."""
    return secrets.token_hex(16)


async def posted(request: Request) -> Posted:
    """The form of a request. Refuses FORM_TOO_LARGE and FORM_MALFORMED."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > FORM_BYTES_MAX:
            raise Problem("FORM_TOO_LARGE", "form")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=_FIELDS_MAX,
            errors="strict",
        )
    except ValueError as wrong:
        raise Problem("FORM_MALFORMED", "form") from wrong
    every: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        every[name] = (*every.get(name, ()), value)
    return Posted({name: values[0] for name, values in every.items()}, every)


def field_errors(
    refusal: Refusal | Sequence[Refusal], field: str, language: str
) -> tuple[FieldError, ...]:
    """What refusals say of a field, in the reader's language."""
    refusals = [refusal] if isinstance(refusal, Refusal) else list(refusal)
    return tuple(
        FieldError(field, one.message(language), one.next_step(language)) for one in refusals
    )


Sent = Annotated[Posted, Depends(posted)]
"""The form of a request, as an argument of its handler."""
