"""What goes to the hub and what comes back is booked once, and only when it agrees."""

import gzip

import msgspec
import pytest

from street import (
    CARD,
    CHONGQING,
    CITY_KEY,
    HUB_KEY,
    KEYS,
    PURSE,
    SITE_KEY,
    VISITOR,
    Taps,
    balance_of,
    moment,
    open_city,
    send,
)
from tongxing.city import BankLine, City
from tongxing.city.proofs import prove_city
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.ledger.store import balance
from tongxing.messages import (
    CaseDetail,
    CaseMoney,
    IssuerDetail,
    Manifest,
    Record,
    Share,
    SigningKey,
    Statement,
    StatementLine,
    Verdict,
    VerdictFile,
    seal,
    unseal,
)
from tongxing.storage import Database

WINDOW = "W20260318"
NOON = moment("36:00")
ISSUER, ACQUIRER = f"ISS-{CHONGQING}", f"ACQ-{CHONGQING}"


@pytest.fixture
def city(database: Database) -> City:
    """A city whose day is done: a ride on the account, one on a purse, one by a visitor."""
    city, tap = open_city(database), Taps()
    send(
        city,
        tap("08:00", CARD, "entry", "chaotianmen"),
        tap("08:40", CARD, "exit", "shapingba"),
        tap("09:00", PURSE, "entry", "chaotianmen", taken=0),
        tap("09:40", PURSE, "exit", "shapingba", taken=450),
        tap("10:00", VISITOR, "ride", "", mode="bus", line="bus-hechuan-101", taken=90,
            place="500117"),
    )  # fmt: skip
    return city


def presented(city: City) -> tuple[Manifest, list[Record]]:
    found = city.record_file(moment("30:00"))
    assert found is not None
    opened = unseal(found[0], Manifest, KEYS)
    assert not isinstance(opened, Refusal)
    rows = gzip.decompress(found[1]).splitlines()
    assert opened[1].data_sha256 == sha256_hex(found[1])
    return opened[1], [msgspec.json.decode(row, type=Record) for row in rows]


def answer(manifest: Manifest, records: list[Record], rejected: int | None = None) -> bytes:
    verdicts = [
        Verdict(record_id=record.record_id, status="rejected", code="1001", bearer="acquirer")
        if number == rejected
        else Verdict(
            record_id=record.record_id,
            status="accepted",
            code="0000",
            shares=[Share("OP-CQ-RAIL", record.delta_fen)],
        )
        for number, record in enumerate(records)
    ]
    body = VerdictFile(
        file_id=manifest.file_id, window_id=WINDOW, file_code="OK", verdicts=verdicts
    )
    return seal(body, HUB_KEY)


def statement(member: str, net_fen: int, **changes: object) -> Statement:
    line = StatementLine(counterparty=ACQUIRER, kind="trips", count=3, amount_fen=net_fen)
    plain = Statement(
        window_id=WINDOW,
        member=member,
        cutoff_s=NOON,
        lines=[line],
        net_fen=net_fen,
        fee_income_fen=0,
        operator_fees=[],
        operator_payouts=[],
    )
    return msgspec.structs.replace(plain, **changes)


def books(database: Database, entity: str, account: str) -> int:
    with database.connect(f"city_{CHONGQING}") as connection, connection.cursor() as cursor:
        return balance(cursor, entity, account)


def all_proofs_hold(database: Database) -> None:
    with database.connect(f"city_{CHONGQING}") as connection, connection.cursor() as cursor:
        assert [proof for proof in prove_city(cursor, CHONGQING) if not proof.holds] == []


def test_a_file_says_what_it_holds_and_names_the_one_before(city: City) -> None:
    manifest, records = presented(city)
    assert (manifest.rows, manifest.delta_sum_fen) == (3, 990)
    assert [record.issuer for record in records] == [ISSUER, ISSUER, "ISS-110000"]
    assert manifest.previous_manifest_sha256 == ""
    assert city.record_file(moment("31:00")) is None  # nothing new, no file


def test_the_next_file_names_the_one_before(city: City) -> None:
    first = city.record_file(moment("30:00"))
    assert first is not None
    send(city, Taps()("20:00", VISITOR, "ride", "", mode="bus", line="bus-fuling-101", taken=90))
    second = city.record_file(moment("54:00"))
    assert second is not None
    opened = unseal(second[0], Manifest, KEYS)
    assert not isinstance(opened, Refusal)
    assert opened[1].previous_manifest_sha256 == sha256_hex(first[0])


def test_accepted_records_become_claims_and_operators_earnings(
    city: City, database: Database
) -> None:
    assert city.apply_verdicts(answer(*presented(city)), NOON) is None
    assert books(database, ACQUIRER, f"due_hub:{WINDOW}") == 990
    assert books(database, ISSUER, f"due_hub:{WINDOW}") == -900
    assert books(database, "OP-CQ-RAIL", "rev_fare") == -990
    assert books(database, ISSUER, "in_transit") == books(database, ACQUIRER, "presented") == 0
    all_proofs_hold(database)


def test_a_rejected_record_leaves_the_money_with_its_owner_to_be_found(
    city: City, database: Database
) -> None:
    assert city.apply_verdicts(answer(*presented(city), rejected=0), NOON) is None
    assert books(database, ISSUER, "liab_mismatch") == -450
    assert books(database, ISSUER, "in_transit") == 0
    assert books(database, ACQUIRER, "unsplit") == 0
    all_proofs_hold(database)


def test_the_same_answer_twice_is_booked_once(city: City, database: Database) -> None:
    message = answer(*presented(city))
    assert city.apply_verdicts(message, NOON) is None
    assert city.apply_verdicts(message, NOON) is None
    assert books(database, ACQUIRER, f"due_hub:{WINDOW}") == 990


def code_of(found: Refusal | None) -> str:
    assert found is not None
    return found.code


def test_an_answer_that_leaves_a_record_out_is_not_booked(city: City, database: Database) -> None:
    manifest, records = presented(city)
    assert code_of(city.apply_verdicts(answer(manifest, records[:-1]), NOON)) == (
        "VERDICTS_INCOMPLETE"
    )
    assert books(database, ACQUIRER, f"due_hub:{WINDOW}") == 0


def test_an_answer_to_a_file_we_never_sent_is_refused(city: City) -> None:
    manifest, records = presented(city)
    other = msgspec.structs.replace(manifest, file_id="ACQ-500000-20260317-0009")
    assert code_of(city.apply_verdicts(answer(other, records), NOON)) == "FILE_UNKNOWN"


def held(manifest: Manifest, records: list[Record]) -> bytes:
    """The answer on a file whose first record waits."""
    rest = unseal(answer(manifest, records), VerdictFile, KEYS)
    assert not isinstance(rest, Refusal)
    first = Verdict(record_id=records[0].record_id, status="held", code="1012", bearer="acquirer")
    verdicts = [first, *rest[1].verdicts[1:]]
    return seal(msgspec.structs.replace(rest[1], verdicts=verdicts), HUB_KEY)


@pytest.mark.parametrize(
    ("status", "due", "mismatch"), [("accepted", 450, 0), ("rejected", 0, 450)]
)
def test_what_waited_is_booked_in_the_window_that_decided_it(
    city: City, database: Database, status: str, due: int, mismatch: int
) -> None:
    manifest, records = presented(city)
    assert city.apply_verdicts(held(manifest, records), NOON) is None
    assert books(database, ACQUIRER, f"due_hub:{WINDOW}") == 540
    assert books(database, ISSUER, "in_transit") == -450
    shares = [Share("OP-CQ-RAIL", 450)] if status == "accepted" else []
    plain = {"record_id": records[0].record_id, "status": status, "code": "1012"}
    decided = msgspec.structs.replace(msgspec.convert(plain, Verdict), shares=shares)
    later = VerdictFile(file_id="held-1", window_id="W20260320", file_code="OK", verdicts=[decided])
    for _ in range(2):
        assert city.apply_verdicts(seal(later, HUB_KEY), NOON) is None
    assert books(database, ACQUIRER, "due_hub:W20260320") == due
    assert books(database, ISSUER, "due_hub:W20260320") == -due
    assert books(database, ISSUER, "liab_mismatch") == -mismatch
    assert books(database, ISSUER, "in_transit") == books(database, ACQUIRER, "unsplit") == 0
    all_proofs_hold(database)
    stranger = msgspec.structs.replace(decided, record_id="x.1")
    other = msgspec.structs.replace(later, verdicts=[decided, stranger])
    assert code_of(city.apply_verdicts(seal(other, HUB_KEY), NOON)) == "FILE_UNKNOWN"


@pytest.mark.parametrize(("status", "due"), [("accepted", 450), ("rejected", 0)])
def test_what_is_frozen_after_it_was_accepted_is_on_its_way_again(
    city: City, database: Database, status: str, due: int
) -> None:
    """A purse forked before the window closed: what was booked goes back, and waits to be decided.
    Every message comes twice, the freeze also once more at the end."""
    manifest, records = presented(city)
    assert city.apply_verdicts(answer(manifest, records), NOON) is None
    name = records[0].record_id
    assert records[0].delta_fen == 450 and records[0].issuer == ISSUER
    stood = Verdict(record_id=name, status="held", code="1020", bearer="case")
    shares = [Share("OP-CQ-RAIL", 450)] if status == "accepted" else []
    plain = {"record_id": name, "status": status, "code": "1020"}
    decided = msgspec.structs.replace(msgspec.convert(plain, Verdict), shares=shares)
    frozen, ended = (
        seal(VerdictFile(file_id=file, window_id=window, file_code="OK", verdicts=[one]), HUB_KEY)
        for file, window, one in (
            (f"frozen-{name}-1", WINDOW, stood),
            (f"held-{name}-2", "W20260320", decided),
        )
    )
    for _ in range(2):
        assert city.apply_verdicts(frozen, NOON) is None
        assert books(database, ACQUIRER, f"due_hub:{WINDOW}") == 540
        assert books(database, ISSUER, "in_transit") == -450
        assert books(database, ACQUIRER, "unsplit") == -450
    all_proofs_hold(database)
    for message in (ended, ended, frozen):
        assert city.apply_verdicts(message, NOON) is None
    assert books(database, ACQUIRER, f"due_hub:{WINDOW}") == 540
    assert books(database, ACQUIRER, "due_hub:W20260320") == due
    assert books(database, ISSUER, "in_transit") == books(database, ACQUIRER, "unsplit") == 0
    all_proofs_hold(database)


ESCROW, POOL, FEES = "escrow_dispute", "pool_small_claims", "inc_fee"
MOVES = [
    ("chargeback", ACQUIRER, ESCROW, 400),
    ("dispute_won", ESCROW, ISSUER, 300),
    ("dispute_won", ESCROW, ACQUIRER, 100),
    ("adjustment", ACQUIRER, ISSUER, 50),
    ("presentment", ISSUER, ACQUIRER, 20),
    ("error_fee", ISSUER, FEES, 10),
    ("pool_share", ACQUIRER, POOL, 5),
    ("small_claim", POOL, ISSUER, 30),
]


def test_disputes_are_booked_on_both_sides_once_and_for_the_passenger(
    city: City, database: Database
) -> None:
    manifest, records = presented(city)
    assert city.apply_verdicts(answer(manifest, records), NOON) is None
    with_shares = ("adjustment", "presentment")
    moves = [
        msgspec.convert(
            {
                "case_id": "C1", "number": number, "kind": kind, "record_id": records[0].record_id,
                "issuer": ISSUER, "acquirer": ACQUIRER, "debtor": debtor, "creditor": creditor,
                "amount_fen": fen, "shares": [["OP-CQ-RAIL", fen]]
                if kind in with_shares or (kind, creditor) == ("dispute_won", ISSUER) else [],
            },
            CaseMoney,
        )
        for number, (kind, debtor, creditor, fen) in enumerate(MOVES, start=1)
    ]  # fmt: skip
    purse = msgspec.structs.replace(moves[3], number=9, record_id=records[1].record_id)
    told = {
        ISSUER: [*(moves[n] for n in (1, 3, 4, 5, 7)), purse],
        ACQUIRER: [*(moves[n] for n in (0, 1, 2, 3, 4, 6)), purse],
    }
    for member, money in (*told.items(), *told.items()):
        detail = CaseDetail(window_id="W20260320", member=member, news=[], money=money)
        assert city.apply_case_detail(seal(detail, HUB_KEY), NOON) is None
    assert balance_of(database, "a1") == 10_000 - 450 + 300 + 50 + 30
    assert books(database, ISSUER, "liab_mismatch") == -50, "a purse changes only at its card"
    assert books(database, ISSUER, "due_hub:W20260320") == 300 + 50 - 20 - 10 + 30 + 50
    assert books(database, ACQUIRER, "due_hub:W20260320") == -400 + 100 - 50 + 20 - 5 - 50
    assert books(database, ACQUIRER, "due_from_escrow") == 0
    assert books(database, "OP-CQ-RAIL", "rev_fare") == -(990 - 300 - 50 + 20 - 50)
    assert books(database, ISSUER, "exp_presented_short") == 20
    assert books(database, ACQUIRER, "exp_small_claims") == 5
    all_proofs_hold(database)
    stranger = CaseDetail(window_id="W20260320", member="ISS-110000", news=[], money=[])
    assert code_of(city.apply_case_detail(seal(stranger, HUB_KEY), NOON)) == "MEMBER_MISMATCH"


@pytest.mark.parametrize("key", [SITE_KEY, CITY_KEY], ids=["a gate", "ourselves"])
def test_only_the_hub_may_speak_for_the_hub(city: City, key: SigningKey) -> None:
    message = seal(statement(ISSUER, 0), key)
    assert code_of(city.apply_statement(message, NOON)) == "IDENTITY_MISMATCH"


def test_our_passengers_rides_elsewhere_come_off_their_balance(
    city: City, database: Database
) -> None:
    _, records = presented(city)
    elsewhere = [
        msgspec.structs.replace(
            records[0], record_id="x.1", trip_id="x", city="110000", acquirer="ACQ-110000"
        ),
        msgspec.structs.replace(records[0], record_id="y.1", trip_id="y", medium_no="nobody's"),
    ]
    message = seal(IssuerDetail(window_id=WINDOW, issuer=ISSUER, records=elsewhere), HUB_KEY)
    for _ in range(2):
        assert city.apply_issuer_detail(message, NOON) is None
    assert balance_of(database, "a1") == 10_000 - 450 - 450
    assert books(database, ISSUER, "susp_unknown_medium") == 450
    assert books(database, ISSUER, f"due_hub:{WINDOW}") == -900
    all_proofs_hold(database)


def test_a_statement_that_differs_from_our_books_is_not_booked(
    city: City, database: Database
) -> None:
    assert city.apply_verdicts(answer(*presented(city)), NOON) is None
    refusal = city.apply_statement(seal(statement(ACQUIRER, 991), HUB_KEY), NOON)
    assert code_of(refusal) == "STATEMENT_DIFFERS"
    assert refusal is not None
    assert refusal.values == {"stated": 991, "booked": 990}
    assert city.apply_statement(seal(statement(ACQUIRER, 990), HUB_KEY), NOON) is None


def test_fees_are_borne_by_operators_and_earned_by_both_members(
    city: City, database: Database
) -> None:
    assert city.apply_verdicts(answer(*presented(city)), NOON) is None
    fee = [Share("OP-CQ-RAIL", 10)]
    acquirer = statement(ACQUIRER, 990 - 7, fee_income_fen=3, operator_fees=fee)
    issuer = statement(ISSUER, -900 + 5, fee_income_fen=5)
    assert city.apply_statement(seal(acquirer, HUB_KEY), NOON) is None
    assert city.apply_statement(seal(issuer, HUB_KEY), NOON) is None
    assert books(database, "OP-CQ-RAIL", "due_acq") == 980
    assert books(database, ACQUIRER, "inc_fee") == -3
    assert books(database, ISSUER, "inc_fee") == -5
    all_proofs_hold(database)


def settled(city: City, party: str, amount_fen: int, reference: str = "B1") -> Refusal | None:
    return city.settle(BankLine(reference, WINDOW, party, amount_fen, moment("39:30")))


def test_settlement_clears_every_claim_and_keeps_the_float_whole(
    city: City, database: Database
) -> None:
    assert city.apply_verdicts(answer(*presented(city)), NOON) is None
    payouts = [Share("OP-CQ-RAIL", 980)]
    acquirer = statement(
        ACQUIRER, 983, fee_income_fen=3, operator_fees=[Share("OP-CQ-RAIL", 10)],
        operator_payouts=payouts,
    )  # fmt: skip
    assert city.apply_statement(seal(acquirer, HUB_KEY), NOON) is None
    issuer = statement(ISSUER, -895, fee_income_fen=5)
    assert city.apply_statement(seal(issuer, HUB_KEY), NOON) is None

    assert code_of(settled(city, ISSUER, -894)) == "BANK_AMOUNT_DIFFERS"
    assert code_of(settled(city, "OP-NOBODY", -1)) == "BANK_LINE_UNEXPECTED"
    for _ in range(2):
        assert settled(city, ISSUER, -895) is None
        assert settled(city, ACQUIRER, 983) is None
        assert settled(city, "OP-CQ-RAIL", -980) is None

    assert books(database, ISSUER, "bank_float") == 20_000 - 900
    assert books(database, ISSUER, "bank_own") == 5
    assert books(database, ACQUIRER, "bank") == 3
    assert books(database, "OP-CQ-RAIL", "bank") == 980
    cleared = [
        (ISSUER, f"due_hub:{WINDOW}"),
        (ACQUIRER, f"due_hub:{WINDOW}"),
        (ACQUIRER, "due_op:OP-CQ-RAIL"),
        ("OP-CQ-RAIL", "due_acq"),
    ]
    assert [books(database, entity, account) for entity, account in cleared] == [0, 0, 0, 0]
    all_proofs_hold(database)
