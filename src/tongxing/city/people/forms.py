"""The form of what people write: phone numbers, identity numbers, names, free text; and its masks.

Identity numbers follow GB 11643: six digits of a region, the date of birth, three digits, and a
check digit by ISO 7064 MOD 11-2. A refusal from here never repeats what was written.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date

from tongxing.city.people.terms import PeopleTerms
from tongxing.kernel.reasons import Refusal
from tongxing.network.numbers import luhn_digit

NAME_MAX = 50
TEXT_MAX = 1_000
DEVICE_MAX = 200
SERIAL_DIGITS = 11

_PHONE = re.compile(r"[0-9]{11}")
_ID_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
_TICKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,39}")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn"}
_NAME_SIGNS = set(" ·.-'’")
_FIRST_YEAR = 1850


@dataclass(frozen=True, slots=True)
class IdNumber:
    """A well-formed identity number (a small x made large) and the day of birth in it."""

    number: str = field(repr=False)
    born: date = field(repr=False)

    def birthday(self, age: int) -> date:
        """The day on which its holder becomes so old; 29 February is 1 March in other years."""
        year = self.born.year + age
        try:
            return self.born.replace(year=year)
        except ValueError:
            return date(year, 3, 1)


def phone_objection(phone: str, terms: PeopleTerms) -> Refusal | None:
    """PHONE_INVALID for anything but 11 ASCII digits under a prefix of mainland mobile numbers."""
    well_formed = _PHONE.fullmatch(phone) is not None
    known = phone.startswith(terms.phone_prefixes) and not phone.startswith(terms.phone_refused)
    return None if well_formed and known else Refusal("PHONE_INVALID", "phone")


def read_id_number(text: str, terms: PeopleTerms, today: date) -> IdNumber | Refusal:
    """An identity number of 18 characters as its holder wrote it.

    Refuses ID_NUMBER_INVALID; `where` says which part: form, region, birth or check.
    """
    number = text.strip().replace("x", "X")
    if _ID_NUMBER.fullmatch(number) is None:
        return Refusal("ID_NUMBER_INVALID", "id_number.form")
    if number[:2] not in terms.regions:
        return Refusal("ID_NUMBER_INVALID", "id_number.region")
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return Refusal("ID_NUMBER_INVALID", "id_number.birth")
    if born.year < _FIRST_YEAR or born > today:
        return Refusal("ID_NUMBER_INVALID", "id_number.birth")
    if id_check(number[:17]) != number[17]:
        return Refusal("ID_NUMBER_INVALID", "id_number.check")
    return IdNumber(number, born)


def id_check(digits: str) -> str:
    """The check character of the first 17 digits of an identity number."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True))
    return _CHECKS[total % 11]


def read_name(text: str) -> str | Refusal:
    """A person's name, trimmed and composed (NFC).

    Refuses TEXT_FORBIDDEN_CHAR, and NAME_INVALID for one that is empty, too long or has digits or
    signs in it.
    """
    refusal = text_objection(text, "name")
    if refusal is not None:
        return refusal
    name = unicodedata.normalize("NFC", text).strip()
    fits = 1 < len(name) <= NAME_MAX and name[0].isalpha()
    if not fits or not all(letter.isalpha() or letter in _NAME_SIGNS for letter in name):
        return Refusal("NAME_INVALID", "name")
    return name


def read_text(text: str, where: str, most: int = TEXT_MAX) -> str | Refusal:
    """Free text, trimmed. Refuses TEXT_FORBIDDEN_CHAR, TEXT_EMPTY and TEXT_TOO_LONG."""
    refusal = text_objection(text, where)
    if refusal is not None:
        return refusal
    trimmed = text.strip()
    if not trimmed:
        return Refusal("TEXT_EMPTY", where)
    if len(trimmed) > most:
        return Refusal("TEXT_TOO_LONG", where, {"most": most})
    return trimmed


def text_objection(text: str, where: str) -> Refusal | None:
    """TEXT_FORBIDDEN_CHAR for a character that cannot be seen or turns the writing around: NUL and
    other controls (but a new line or tab), lone surrogates, zero-width and direction marks."""
    for place, letter in enumerate(text, start=1):
        if letter not in "\n\t" and unicodedata.category(letter) in _UNSEEN:
            values = {"place": place, "char": f"U+{ord(letter):04X}"}
            return Refusal("TEXT_FORBIDDEN_CHAR", where, values)
    return None


def is_ticket(text: str) -> bool:
    """Whether this may be a ticket's number: up to 40 letters, digits and signs, no blanks."""
    return _TICKET.fullmatch(text) is not None


def account_number(platform: str, serial: int) -> str:
    """Sixteen digits: four of the platform, eleven of the serial, and a Luhn digit.

    Raises ValueError where they do not fit.
    """
    body = f"{platform}{serial:0{SERIAL_DIGITS}d}"
    if len(body) != 4 + SERIAL_DIGITS or not body.isascii() or not body.isdigit():
        raise ValueError("an account number has four digits and eleven")
    return body + luhn_digit(body)


def is_account_number(text: str) -> bool:
    """Whether this is a well-formed account number."""
    plain = len(text) == 16 and text.isascii() and text.isdigit()
    return plain and luhn_digit(text[:-1]) == text[-1]


def masked_phone(phone: str) -> str:
    """``138****8000``; "" stays as it is."""
    return phone and f"{phone[:3]}****{phone[-4:]}"


def masked_name(name: str) -> str:
    """The first letter and a star for each other, three at most."""
    return name and name[0] + "*" * min(3, len(name) - 1)


def masked_id(number: str) -> str:
    """``5001**********1234``; "" stays as it is."""
    return number and f"{number[:4]}{'*' * 10}{number[-4:]}"
