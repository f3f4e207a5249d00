"""Disputes on the street: real rides, signed acts, windows, cities, bank, and then the proofs.

Rides of a Beijing account and of a Beijing purse on a Chongqing bus are cleared on one day. Then
each is disputed in its own way and time passes; all truths hold, while it lasts and at the end.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from test_one_fen import (
    BEIJING,
    CHONGQING,
    DAY,
    SUBWAY,
    VISITOR,
    Street,
    account,
    allowed,
    key,
    must,
    ring,
)

from tongxing.city import MediumOpening, RiderOpening
from tongxing.deciding import MediumToken
from tongxing.hub import HubStore, WindowClosing, load_rulebook
from tongxing.hub.cases.desk import CaseDesk
from tongxing.kernel import clock
from tongxing.ledger.store import account_balances, balance
from tongxing.messages import (
    HUB_SENDER,
    CaseAct,
    CaseActKind,
    CaseAnswerFile,
    CaseFile,
    Evidence,
    seal,
    unseal,
)
from tongxing.proving import prove_houses
from tongxing.simulation.bank import Bank
from tongxing.storage import Database

ISS, ACQ = f"ISS-{BEIJING}", f"ACQ-{CHONGQING}"
PAPER = Evidence("tap.json", "a" * 64)
FARE_FEN, DISPUTED_FEN = 200, 100
START_FEN = 10_000
FIRST = date(2026, 3, 18)
SAYS = {"ISS": ISS, "ACQ": ACQ}


def noon(day: int) -> int:
    """Half past twelve so many days after 18 March."""
    return clock.at(FIRST + timedelta(days=day), 12, 30)


class Disputes:
    """The street after its day: rides known by number, a case desk, a bank, and a calendar."""

    def __init__(self, database: Database, folder: Path, rides: int) -> None:
        self.database, self.street = database, Street(database, folder)
        self._open_riders()
        bus = self.street.site(CHONGQING, "bus")
        for number in range(rides):
            shown_s = clock.at(DAY, 7, 10 * number)
            assert bus.present(account(SUBWAY, "code", BEIJING, shown_s), "bus-1", shown_s)
        card = MediumToken(
            scheme="t_union", medium_no=VISITOR, medium_kind="card", issuer=BEIJING,
            product="ordinary", funding="purse", balance_fen=5_000,
        )  # fmt: skip
        bus.present(card, "bus-1", clock.at(DAY, 20))
        self.street.upload(clock.at(DAY, 23))
        self.street.sites.pop(f"{BEIJING}-rail", None)
        self.bank = Bank("test bank")
        for party in (ISS, ACQ, "OP-CQ-BUS-HECHUAN"):
            self.bank.deposit(party, 1_000_000, noon(0), "own")
        store = HubStore(database)
        members = ring(ISS, ACQ, HUB_SENDER)
        self.desk = CaseDesk(store, key(HUB_SENDER), members, load_rulebook())
        self.store, self.files, self.cases = store, 0, dict[str, str]()
        self.present()

    def _open_riders(self) -> None:
        city = self.street.cities[BEIJING]
        code = MediumOpening(SUBWAY, "code", "t_union", "ordinary")
        card = MediumOpening(VISITOR, "card", "t_union", "ordinary")
        openings = [
            RiderOpening("bj-1", (code,), START_FEN),
            RiderOpening(VISITOR, (card,), 5_000, purse=True),
        ]
        city.open_riders(openings, clock.at(DAY, 3))

    def present(self) -> None:
        """Chongqing's rides go to the hub."""
        city = self.street.cities[CHONGQING]
        allowed(city.close_day(DAY, clock.at(DAY, 27)))
        manifest, data = must(city.record_file(clock.at(DAY, 30)))
        answer = must(self.street.hub.receive_file(manifest, data, clock.at(DAY, 30)))
        assert city.apply_verdicts(answer, clock.at(DAY, 30)) is None
        with self.store.reading() as cursor:
            rows = cursor.execute(
                "SELECT record_id FROM record ORDER BY (body::json ->> 'entered_s')::bigint"
            ).fetchall()
        self.records = [str(record) for (record,) in rows]

    def say(self, ride: int, words: str, now_s: int) -> None:
        """``ISS charge_back``: an act in the case of a ride, or one that opens it."""
        who, act, *fen = words.split()
        member, name = SAYS[who], str(ride)
        self.files += 1
        plain = {
            "act_id": f"a{self.files}",
            "act": act,
            "case_id": self.cases.get(name, ""),
            "record_id": "" if name in self.cases else self.records[ride],
            "amount_fen": int(fen[0]) if fen else DISPUTED_FEN,
            "reason": "1001" if act == "object" else "R1",
            "evidence": [[PAPER.name, PAPER.sha256]],
        }
        told = msgspec.convert(plain, CaseAct)
        file = CaseFile(file_id=f"f{self.files}", sender=member, created_s=now_s, acts=[told])
        found = allowed(self.desk.receive(seal(file, key(member)), now_s))
        (answer,) = allowed(unseal(found, CaseAnswerFile, ring(HUB_SENDER)))[1].answers
        assert answer.code == "OK", (words, answer.code)
        self.cases[name] = answer.case_id

    def decide(self, ride: int, words: str, now_s: int) -> None:
        """``!rule 40``: what the hub's arbiter does."""
        word, *fen = words[1:].split()
        act = msgspec.convert(word, CaseActKind)
        ruled_fen = int(fen[0]) if fen else 0
        case = self.cases[str(ride)]
        allowed(self.desk.decide(case, act, "ann", "R1", now_s, to_issuer_fen=ruled_fen))

    def close(self, day: int) -> None:
        """Close a window, tell both cities, pay it at the bank."""
        window = f"W{FIRST + timedelta(days=day):%Y%m%d}"
        closing = must(self.street.hub.close_window(window, noon(day)))
        self._tell(closing, noon(day))
        for payment in closing.payments:
            for party in (payment.instruction.debtor, payment.instruction.creditor):
                self.bank.deposit(party, 0, noon(day), "opened")
        while payments := self.street.hub.payments_to_send(window):
            for payment in payments:
                paid_s = payment.instruction.due_s
                report = self.bank.execute(payment.message, paid_s)
                must(self.street.hub.confirm_payment(report, paid_s))
                self.street._tell_cities(payment.instruction)

    def all_holds(self) -> None:
        assert [proof for proof in prove_houses(self.database) if not proof.holds] == []

    def _tell(self, closing: WindowClosing, now_s: int) -> None:
        for code, city in self.street.cities.items():
            for sender, verdicts in closing.late_verdicts:
                if sender == f"ACQ-{code}":
                    assert city.apply_verdicts(verdicts, now_s) is None
            detail = closing.issuer_details.get(f"ISS-{code}")
            assert detail is None or city.apply_issuer_detail(detail, now_s) is None
            for member in (f"ISS-{code}", f"ACQ-{code}"):
                told = closing.case_details.get(member)
                assert told is None or city.apply_case_detail(told, now_s) is None
                assert told is None or city.apply_case_detail(told, now_s) is None, "booked once"
                assert city.apply_statement(closing.statements[member], now_s) is None

    def books(self, city: str, entity: str, account: str) -> int:
        with self.database.connect(f"city_{city}") as connection, connection.cursor() as cursor:
            return balance(cursor, entity, account)

    def endings(self) -> dict[str, str]:
        with self.store.reading() as cursor:
            found = dict(cursor.execute("SELECT case_id, stage FROM dispute_case").fetchall())
        return {name: str(found[case]) for name, case in self.cases.items()}


@pytest.fixture
def street(database: Database, tmp_path: Path) -> Iterator[Disputes]:
    yield Disputes(database, tmp_path, len(WALKS) - 1)


# How each ride is disputed ("+5" waits so many days, "!rule 40" is the hub's), how it ends, and
# what the issuer, the acquirer and the passenger have of it when all is paid.
WALKS = [
    "ISS charge_back | ACQ accept                                 : accepted         0 -10 100",
    "ISS charge_back                                              : not_represented  0 -10 100",
    "ISS charge_back | ACQ represent                              : not_pursued    -10   0   0",
    "ISS charge_back | ACQ represent | ISS drop                   : dropped        -10   0   0",
    "ISS charge_back | ACQ represent | ISS arbitrate | !rule 100  : ruled            0 -500 100",
    "ISS charge_back | ACQ represent | ISS arbitrate | !rule 0    : ruled         -500   0   0",
    "ISS charge_back | ACQ represent | ISS arbitrate | !rule 40   : ruled         -300 -200  40",
    "ISS charge_back | ACQ represent | ISS arbitrate              : not_ruled        0   0 100",
    "ISS charge_back | !freeze | +4 | !unfreeze | ACQ accept      : accepted         0 -10 100",
    "ACQ credit_adjust 60                                             : adjusted         0 -10  60",
    "ISS query | ACQ credit_adjust 100                                : adjusted         0 -10 100",
    "ISS query                                                        : unanswered       0 -10   0",
    "ISS ask_evidence | +11 | ISS charge_back                     : lost_undefended  0 -10 100",
    "ISS claim_small 90                                               : granted        -45 -45  90",
    "ISS object                                                   : not_represented  0 -10 200",
    "ISS object | ACQ represent                                   : not_pursued    -10   0   0",
    "ISS charge_back | ACQ accept                                 : accepted         0 -10   0",
]


@pytest.mark.req("R-200")
def test_every_walk_ends_with_every_fen_where_it_belongs(street: Disputes) -> None:
    street.close(0)
    scripts = [walk.partition(":")[0].split("|") for walk in WALKS]
    expected = [walk.partition(":")[2].split() for walk in WALKS]
    day = 1
    waits = [0] * len(scripts)
    while any(scripts):
        for ride, script in enumerate(scripts):
            if not script or waits[ride] > day:
                continue
            words = script.pop(0).strip()
            if words.startswith("+"):
                waits[ride] = day + int(words[1:])
            elif words.startswith("!"):
                street.decide(ride, words, noon(day) - 3_600)
            else:
                street.say(ride, words, noon(day) - 3_600)
        street.close(day)
        if day in (1, 4):
            street.all_holds()
        day += 1
    for later in (day + 20, day + 45, day + 90):
        street.close(later)
    street.all_holds()
    assert list(street.endings().values()) == [ending for ending, *_ in expected]

    gains = [tuple(map(int, rest)) for _, *rest in expected]
    issuer, acquirer, passengers = (sum(column) for column in zip(*gains, strict=True))
    rides = len(WALKS) - 1
    assert street.books(BEIJING, ISS, "liab_acct:bj-1") == -(
        START_FEN - rides * FARE_FEN + passengers
    )
    # the purse's own ride, the last one, waits for its card: it is not on the purse's account
    assert street.books(BEIJING, ISS, "liab_mismatch") == -DISPUTED_FEN
    with street.database.connect(f"city_{BEIJING}") as connection, connection.cursor() as cursor:
        losses = sum(account_balances(cursor, ISS, "exp_").values())
        earned = -sum(account_balances(cursor, ISS, "inc_").values())
        assert balance(cursor, ISS, "bank_own") == earned - losses, "the float is the passengers'"
    assert losses == -issuer
    with street.database.connect(f"city_{CHONGQING}") as connection, connection.cursor() as cursor:
        assert sum(account_balances(cursor, ACQ, "exp_").values()) == -acquirer
        assert balance(cursor, ACQ, "due_from_escrow") == 0
        assert sum(account_balances(cursor, ACQ, "due_op:").values()) == 0, "operators gave back"
    with street.store.reading() as cursor:
        assert balance(cursor, HUB_SENDER, "escrow_dispute") == 0
        assert balance(cursor, HUB_SENDER, "pool_small_claims") == 0


def test_a_suspended_member_is_told_later_and_nothing_is_lost(street: Disputes) -> None:
    street.close(0)
    street.say(0, "ISS charge_back", noon(1) - 3_600)
    assert street.street.hub.suspend(ACQ, noon(1) - 1_800) is None
    street.close(1)
    street.say(0, "ACQ accept", noon(2) - 3_600)
    street.close(2)
    assert street.books(CHONGQING, ACQ, "due_from_escrow") == 0, "its money waits with the case"
    assert street.street.hub.reinstate(ACQ, noon(3) - 3_600) == {}
    street.close(3)
    street.all_holds()
    assert street.books(BEIJING, ISS, "liab_acct:bj-1") == -(
        START_FEN - (len(WALKS) - 1) * FARE_FEN + DISPUTED_FEN
    )
