"""What the bank gives back is owed again; what does not fit books nothing; so does a crash."""

import pytest
from test_hub_dealings import (
    ACQUIRER,
    ISSUER,
    NOON,
    WINDOW,
    all_proofs_hold,
    answer,
    books,
    city,
    code_of,
    presented,
    statement,
)

from street import CHONGQING, HUB_KEY, moment
from tongxing.city import BankLine, City
from tongxing.city.office import Office
from tongxing.city.payouts import Order, PayoutDesk, Successor
from tongxing.city.store import bank as table
from tongxing.city.store.bank import Refused
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Share, seal
from tongxing.storage import Database

__all__ = ["city"]
OPERATOR, PAYOUT = "OP-CQ-RAIL", f"{WINDOW}-0003"
NOW_S, DUE_S = moment("41:00"), moment("40:00")
OLD = Order(PAYOUT, WINDOW, OPERATOR, DUE_S, b"old")


def owing(city: City) -> None:
    """Both statements are booked: the city is owed 983 and owes 895, and 980 to its operator."""
    assert city.apply_verdicts(answer(*presented(city)), NOON) is None
    acquirer = statement(
        ACQUIRER, 983, fee_income_fen=3, operator_fees=[Share(OPERATOR, 10)],
        operator_payouts=[Share(OPERATOR, 980)],
    )  # fmt: skip
    for one in (acquirer, statement(ISSUER, -895, fee_income_fen=5)):
        assert city.apply_statement(seal(one, HUB_KEY), NOON) is None


def line(city: City, party: str, fen: int, reference: str, payment: str, back: str = "") -> str:
    """The code of what a line is refused with; "" when it is booked."""
    found = city.settle(BankLine(reference, WINDOW, party, fen, NOW_S, payment, back))
    return "" if found is None else code_of(found)


def owed(database: Database) -> tuple[int, int]:
    """What the acquirer owes its operator, and what the operator has at the bank."""
    return books(database, ACQUIRER, f"due_op:{OPERATOR}"), books(database, OPERATOR, "bank")


def test_a_returned_payout_is_owed_again_and_paid_by_its_successor(
    city: City, database: Database
) -> None:
    owing(city)
    assert line(city, OPERATOR, 980, "B0", PAYOUT, "AC04") == "BANK_RETURN_UNEXPECTED", "not paid"
    assert line(city, OPERATOR, -980, "B1", PAYOUT) == ""
    wrong = [
        ("a part", 979, "B2", PAYOUT, "BANK_AMOUNT_DIFFERS"),
        ("the same way again", -980, "B2", PAYOUT, "BANK_AMOUNT_DIFFERS"),
        ("another payment", 980, "B2", f"{PAYOUT}R1", "BANK_RETURN_UNEXPECTED"),
    ]
    for case, fen, reference, payment, code in wrong:
        assert line(city, OPERATOR, fen, reference, payment, "AC04") == code, case
    assert line(city, OPERATOR, -980, "B3", PAYOUT) == "BANK_PAID_TWICE"
    assert owed(database) == (0, 980)
    for _ in range(2):
        assert line(city, OPERATOR, 980, "B2", PAYOUT, "AC04") == ""
        assert line(city, OPERATOR, -980, "B1", PAYOUT) == "", "what it moved first is known"
    assert owed(database) == (-980, 0)
    assert line(city, OPERATOR, 980, "B4", PAYOUT, "AC04") == "BANK_RETURN_UNEXPECTED", "twice"
    assert line(city, OPERATOR, -980, "B5", f"{PAYOUT}R1") == ""
    assert line(city, OPERATOR, 980, "B6", PAYOUT, "AC04") == "BANK_RETURN_UNEXPECTED", "the old"
    assert owed(database) == (0, 980)
    assert line(city, OPERATOR, 980, "B7", f"{PAYOUT}R1", "AC04") == ""
    assert line(city, OPERATOR, -980, "B8", f"{PAYOUT}R2") == ""
    assert owed(database) == (0, 980)
    for party, fen in ((ISSUER, -895), (ACQUIRER, 983)):
        assert line(city, party, fen, "B1", "") == ""
    all_proofs_hold(database)


@pytest.mark.parametrize(("party", "fen"), [(ISSUER, -895), (ACQUIRER, 983)])
def test_a_returned_leg_with_the_hub_is_open_again(
    city: City, database: Database, party: str, fen: int
) -> None:
    """Also the fees that moved with it: the float is whole at every moment."""
    owing(city)
    before = {name: books(database, party, name) for name in ("bank_float", "bank_own", "bank")}
    assert line(city, party, fen, "B1", f"{WINDOW}-0001") == ""
    assert books(database, party, f"due_hub:{WINDOW}") == 0
    assert line(city, party, -fen, "B2", f"{WINDOW}-0001", "AM04") == ""
    assert books(database, party, f"due_hub:{WINDOW}") == fen
    assert {name: books(database, party, name) for name in before} == before
    all_proofs_hold(database)


def test_killed_in_the_middle_nothing_is_booked(
    city: City, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    owing(city)
    real = table.write_movement
    for fen, reference, back in ((-980, "B1", ""), (980, "B2", "AC04")):
        before = owed(database)
        with monkeypatch.context() as killed:
            killed.setattr(table, "write_movement", lambda *_: (_ for _ in ()).throw(SystemExit))
            with pytest.raises(SystemExit):
                line(city, OPERATOR, fen, reference, PAYOUT, back)
        assert owed(database) == before and table.write_movement is real
        assert line(city, OPERATOR, fen, reference, PAYOUT, back) == ""
    assert owed(database) == (-980, 0)
    all_proofs_hold(database)


def test_one_sends_it_again_the_city_or_the_hub(city: City, database: Database) -> None:
    owing(city)
    office, hubs = Office(CHONGQING, database, None), set[str]()
    desk = PayoutDesk(office, hubs.__contains__)

    def make(successor: Successor) -> bytes:
        return f"{successor.payment} for {successor.replaces}".encode()

    def again(by: str) -> object:
        found = desk.reissue(OLD, by, "closed", "", NOW_S, make)
        return found.code if isinstance(found, Refusal) else found

    told = Refused(PAYOUT, WINDOW, OPERATOR, "AC04", NOW_S)
    assert code_of(desk.refused(told, 979)) == "PAYMENT_MISMATCH"
    assert desk.refused(told, 980) is None and desk.refused(told, 980) is None
    assert again("ann") is None
    hubs.add(f"{PAYOUT}R1")
    assert again("bob") == "PAYOUT_REPLACED", "the hub was first"
    assert [one.state for one in desk.came_back()] == ["sent"]
    hubs.clear()
    made = again("bob")
    assert isinstance(made, Order)
    assert (made.payment, made.message) == (f"{PAYOUT}R1", f"{PAYOUT}R1 for {PAYOUT}".encode())
    assert made.due_s > NOW_S and desk.to_send() == [made]
    assert line(city, OPERATOR, -980, "B1", made.payment) == ""
    assert desk.to_send() == [] and owed(database) == (0, 980)
    assert code_of(desk.refused(told._replace(payment=made.payment), 980)) == "PAYMENT_REPEATED"
    office.close()
