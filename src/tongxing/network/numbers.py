"""Which scheme and issuer a printed card number can belong to.

Digits are ASCII digits and nothing else: full-width ones look the same on a screen and are another
number to every other program. A check digit that does not fit is reported but no reason to refuse:
most published T-Union numbers break it (R-208). Beijing alone has numbers of two lengths, so any
length that some space knows is valid (R-106). Nothing is read from a number but its issuer.
"""

from dataclasses import dataclass

from tongxing.kernel.reasons import Refusal
from tongxing.network.loading import Book
from tongxing.network.schemes import NumberPrefix, NumberSpace

LENGTH_MAX = 19

KINDS = ("issuer", "member", "local", "province", "test", "outside", "possible", "unknown")

_SEPARATORS = " -"
_DIGITS = frozenset("0123456789")


@dataclass(frozen=True, slots=True)
class NumberMatch:
    """One way to read a number. `issuer` is a division code, "" when the number does not tell.

    `kind`: province (only the province is known), issuer, member or outside (a City Union number
    of a city that is not on its list), local, test, possible (nothing in the number speaks for it),
    unknown. `check_ok` is None when the space has
    no check digit.
    """

    scheme: str
    issuer: str
    kind: str
    prefix: str
    brand: str
    check_ok: bool | None
    source: str
    form_zh: str
    form_en: str


def clean_number(text: str) -> str | Refusal:
    """The digits of a number as printed, without the spaces and hyphens between its groups.

    Refusals: NUMBER_EMPTY, NUMBER_FULL_WIDTH, NUMBER_NOT_DIGITS, NUMBER_LENGTH.
    """
    digits = text.strip().translate(dict.fromkeys(map(ord, _SEPARATORS)))
    if not digits:
        return Refusal("NUMBER_EMPTY")
    if not _DIGITS.issuperset(digits):
        wide = all(sign.isdigit() or sign in _SEPARATORS for sign in digits)
        return Refusal("NUMBER_FULL_WIDTH" if wide else "NUMBER_NOT_DIGITS")
    return digits


def identify_number(
    book: Book, text: str, *, require_check: bool = False
) -> tuple[NumberMatch, ...] | Refusal:
    """Every scheme and issuer the number can belong to, the most telling reading first.

    `require_check` refuses a number whose check digit does not fit; the default only reports it,
    because real cards break it. Refusals: those of `clean_number`, NUMBER_LENGTH (with the lengths
    that exist), NUMBER_NOT_T_UNION (19 digits that do not begin with 31), NUMBER_CHECK_DIGIT.
    """
    digits = clean_number(text)
    if isinstance(digits, Refusal):
        return digits
    lengths = sorted({length for space in book.spaces for length in space.lengths})
    if len(digits) not in lengths:
        return _length_refusal(len(digits), lengths)
    matches = [match for space in book.spaces if (match := _read(space, digits))]
    if not matches:
        # Only the 19-digit space asks for a beginning without leaving other readings of its length.
        return Refusal("NUMBER_NOT_T_UNION", values={"begins": digits[:2]})
    if require_check and not any(match.check_ok is not False for match in matches):
        return Refusal("NUMBER_CHECK_DIGIT", values={"expected": luhn_digit(digits[:-1])})
    best: dict[tuple[str, str], NumberMatch] = {}
    for match in sorted(matches, key=_certainty):
        best.setdefault((match.scheme, match.issuer), match)
    return tuple(best.values())


def luhn_digit(payload: str) -> str:
    """The check digit (ISO/IEC 7812) that belongs behind `payload`, a string of ASCII digits."""
    total = 0
    for position, sign in enumerate(reversed(payload)):
        value = int(sign) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def scheme_of_application(book: Book, aid_hex: str) -> tuple[str, ...] | Refusal:
    """The schemes whose application a chip offers under this AID (R-212).

    An AID on a phone is longer than the scheme's own, so the longest known beginning counts; then
    the provider's RID. Refusals: AID_MALFORMED, AID_UNKNOWN.
    """
    aid = aid_hex.strip().upper()
    if not aid or len(aid) % 2 or len(aid) > 32 or set(aid) - set("0123456789ABCDEF"):
        return Refusal("AID_MALFORMED")
    fits = [
        (len(known), scheme.name)
        for scheme in book.schemes.values()
        for known in scheme.applications
        if aid.startswith(known)
    ]
    if fits:
        longest = max(length for length, _ in fits)
        return tuple(name for length, name in fits if length == longest)
    by_rid = tuple(s.name for s in book.schemes.values() if s.rid and aid.startswith(s.rid))
    return by_rid or Refusal("AID_UNKNOWN", values={"aid": aid})


def _length_refusal(length: int, lengths: list[int]) -> Refusal:
    shown = ", ".join(str(known) for known in lengths)
    return Refusal("NUMBER_LENGTH", values={"length": length, "lengths": shown})


def _read(space: NumberSpace, digits: str) -> NumberMatch | None:
    if len(digits) not in space.lengths or not digits.startswith(space.starts):
        return None
    check_ok: bool | None = None
    if space.check == "luhn":
        check_ok = luhn_digit(digits[:-1]) == digits[-1]
    elif space.check == "digit_sum_10":
        if sum(map(int, digits)) % 10:
            return None
        check_ok = True
    known = _longest(space, digits)
    local = ("local" if space.telling else "possible") if space.issuer else "unknown"
    return NumberMatch(
        scheme=space.scheme,
        issuer=known.issuer if known else space.issuer,
        kind=known.kind if known else local,
        prefix=known.prefix if known else space.starts,
        brand=known.brand if known else "",
        check_ok=check_ok,
        source=space.source,
        form_zh=space.zh,
        form_en=space.en,
    )


def _longest(space: NumberSpace, digits: str) -> NumberPrefix | None:
    fits = [prefix for prefix in space.prefixes if digits.startswith(prefix.prefix)]
    return max(fits, key=lambda prefix: len(prefix.prefix), default=None)


def _certainty(match: NumberMatch) -> tuple[int, int]:
    """Readings that name an issuer come first, those of the longer prefix before the others."""
    return (KINDS.index(match.kind), -len(match.prefix))
