"""One question to a card or a security module, and its answer or a refusal.

Every silence, wrong length and status word becomes a code of the reason list here, from a table
that is data. Nothing above this module sees an exception because of what a card did.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.apdu import OK, Answer, Command, parse_answer
from tongxing.media.card.link import CardGone, CardLink

PROOF_MISSING = 0x9406
_MORE, _RIGHT_LENGTH = 0x61, 0x6C
_GET_RESPONSE = 0xC0
_HEX = "0123456789ABCDEF"


def ask(link: CardLink, command: Command, length: int | None = None) -> bytes | Refusal:
    """The data of the answer to a command; with `length`, exactly so many bytes.

    Refuses what `exchange` refuses, the code of a status word other than 9000, and
    CARD_RESPONSE_LENGTH for another length.
    """
    answer = exchange(link, command)
    if isinstance(answer, Refusal):
        return answer
    if not answer.ok:
        return refusal_of(answer.status)
    if length is not None and len(answer.data) != length:
        return Refusal("CARD_RESPONSE_LENGTH", values={"length": len(answer.data)})
    return answer.data


def ask_sam(sam: CardLink, command: Command, length: int) -> bytes | Refusal:
    """As `ask`, for a security module: whatever it does wrong is SAM_REFUSED, not the card's."""
    answer = exchange(sam, command)
    if isinstance(answer, Refusal):
        return Refusal("SAM_REFUSED", values={"status": answer.code})
    if answer.ok and len(answer.data) == length:
        return answer.data
    return Refusal("SAM_REFUSED", values={"status": f"{answer.status:04X}"})


def exchange(link: CardLink, command: Command) -> Answer | Refusal:
    """Send a command and fetch all of its answer, whatever its status word.

    "More data" (61xx) is fetched and "the right length is xx" (6Cxx) is asked again, once each.
    Refuses CARD_REMOVED, CARD_TIMEOUT, CARD_COLLISION and CARD_RESPONSE_LENGTH: after these nobody
    knows what the card did.
    """
    answer = _sent(link, command)
    if isinstance(answer, Refusal):
        return answer
    if answer.status >> 8 == _RIGHT_LENGTH and command.expected is not None:
        again = Command(
            command.cla, command.ins, command.p1, command.p2, command.data, answer.status & 0xFF
        )
        answer = _sent(link, again)
        if isinstance(answer, Refusal):
            return answer
    if answer.status >> 8 == _MORE:
        rest = _sent(link, Command(0x00, _GET_RESPONSE, 0, 0, expected=answer.status & 0xFF))
        return rest if isinstance(rest, Refusal) else Answer(answer.data + rest.data, rest.status)
    return answer


def refusal_of(status: int) -> Refusal:
    """What a status word other than 9000 means."""
    if status == OK:
        raise ValueError("9000 is no refusal")
    word = f"{status:04X}"
    code = _codes().get(word, "CARD_SW_UNKNOWN")
    values = {"status": word, "tries": status & 0x0F, "length": status & 0xFF}
    return Refusal(code, word, values)


def _sent(link: CardLink, command: Command) -> Answer | Refusal:
    try:
        raw = link.transmit(command.encode())
    except CardGone as gone:
        return Refusal(gone.code)
    return parse_answer(raw)


@cache
def _codes() -> Mapping[str, str]:
    """Every status word of the table, each x put out to all its digits."""
    text = files(__package__).joinpath("data/status_words.toml").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for row in tomllib.loads(text)["status"]:
        words = [row["word"]]
        while "x" in words[0]:
            words = [word.replace("x", digit, 1) for word in words for digit in _HEX]
        for word in words:
            if word in found:
                raise ValueError(f"status word {word} stands in the table twice")
            found[word] = row["code"]
    return found
