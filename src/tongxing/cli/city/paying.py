"""A city's payouts and its bank, as its commands open and show them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tongxing.city.office import Office
from tongxing.city.payouts import CameBack, PayoutDesk
from tongxing.cli.common import Words, print_table, say, settings
from tongxing.kernel.clock import stamp
from tongxing.kernel.money import yuan
from tongxing.kernel.payments import reason_text
from tongxing.storage import Database

if TYPE_CHECKING:
    from tongxing.front.payout_orders import PayoutHouse

WORDS = Words("city")
COLUMNS = ("payment", "to", "amount", "told", "what", "then")


@contextmanager
def payout_house(code: str, database: Database) -> Iterator["PayoutHouse"]:
    """A city's payouts; the orders to its bank lie in ``<home>/city/<code>/bank/out``."""
    from tongxing.city.hub_line.store import LetterBook
    from tongxing.front.payout_orders import PayoutHouse

    letters, office = LetterBook(database, code), Office(code, database, None)
    desk = PayoutDesk(office, lambda name: letters.instruction(name) is not None)
    try:
        yield PayoutHouse(code, desk, letters, settings().home / "city" / code / "bank" / "out")
    finally:
        office.close()
        letters.close()


def say_came_back(found: Sequence[CameBack]) -> bool:
    """What the bank turned down or sent back and has not paid since, as a table; whether there is
    any."""
    rows = [_row(one) for one in found if one.state != "paid"]
    if rows:
        titles = [WORDS(f"back.column.{name}") for name in COLUMNS]
        print_table(WORDS("back.title"), titles, rows, right=(2,))
    return bool(rows)


def say_handed_out(paths: Sequence[Path]) -> None:
    """Where the orders lie that were laid there just now."""
    for path in paths:
        say(WORDS("back.handed_out", path=path))


def back_as_json(found: Sequence[CameBack]) -> list[dict[str, object]]:
    """What came back, for programs."""
    return [{name: getattr(one, name) for name in CameBack.__slots__} for one in found]


def _row(one: CameBack) -> tuple[object, ...]:
    what = WORDS(f"back.{'returned' if one.is_return else 'rejected'}")
    if one.reason:
        what += WORDS("back.because", reason=reason_text(one.reason, settings().language))
    is_leg = one.party.startswith(("ACQ-", "ISS-"))
    state = "hub" if is_leg and one.state in ("open", "asked") else one.state
    then = WORDS(f"back.then.{state}", by=one.asked_by)
    if one.successor:
        then = WORDS("back.then.as", successor=one.successor, state=then)
    payment = one.payment or one.window_id
    return payment, one.party, yuan(one.amount_fen), stamp(one.told_s), what, then
