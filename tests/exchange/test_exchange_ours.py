"""Our messages as text files and back: only what has a source, and a reason for all else."""

from typing import Any

import msgspec
import pytest
from exchange_world import DAY, PROOF, book, opening, reading, record, shape

from tongxing.exchange.evidence import Item, read_evidence
from tongxing.exchange.layouts import CODES
from tongxing.exchange.ours.coming import CardBeginning, DeniedCard, FileWord, Incoming, read_ours
from tongxing.exchange.ours.going import (
    Outgoing,
    add_denied,
    add_files,
    add_prefixes,
    add_records,
    add_statement,
)
from tongxing.exchange.ours.numbers import read_numbers, write_numbers
from tongxing.exchange.ours.profile import Profile, read_profile
from tongxing.exchange.text_file import Line
from tongxing.exchange.text_writing import write_records
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.messages import DenyEntry, Record, Statement, StatementLine, Verdict, VerdictFile

PROFILE = Profile(
    institutions={
        "ISS-110000": "01100000001",
        "ISS-500000": "05000000001",
        "ACQ-500000": "05000000002",
        "HUB": "00000000001",
    },
    stated={"test_flag": "0", "mcc": "4111"},
    error_codes={"0000": "000000", "1001": "001001"},
    file_codes={"OK": "000000", "FILE_SUM": "000006"},
    signs={"plus": "+", "minus": "-"},
    evidence={"tac": "9F26", "key_version": "DF01", "time": "DF02", "serial": "DF03"},
)


def going(code: str, profile: Profile = PROFILE, party: str = "01100000001") -> Outgoing:
    return Outgoing(shape(code), profile, party, 1)


def written(out: Outgoing) -> list[Line]:
    """What the file says once it is written and read again."""
    pieces = write_records(book(), out.shape, DAY, out.party, out.records)
    assert not isinstance(pieces, Refusal)
    _, lines = reading(b"".join(pieces), out.shape.code, out.shape.variant.name)
    assert not [line.faults for line in lines if line.faults]
    return lines


def texts(line: Line) -> dict[str, str]:
    return {name: raw.decode("gbk").strip() for name, raw in line.cells.items()}


def left_out(out: Outgoing) -> list[tuple[str, str]]:
    return [(one.code, one.where) for one in out.left_out]


def verdict(name: str, code: str = "0000", **changes: Any) -> Verdict:
    return Verdict(**({"record_id": f"{name}.1", "status": "accepted", "code": code} | changes))


def test_a_ride_of_a_purse_becomes_a_row_of_cl_with_its_evidence() -> None:
    out = going("CL")
    add_records(out, [record("t1")], {}, {})
    (line,) = written(out)
    said = texts(line)
    expected = {
        "centre_sequence": "000000000001", "acquirer_sequence": "000000000001",
        "acceptance_date": "20260317", "card_number": "3104770000000000017",
        "card_counter": "000042", "balance_before": "000000005000", "amount": "000000000450",
        "time": "20260317081500", "balance_kind": "0", "algorithm": "04", "issuer": "01100000001",
        "acquirer": "05000000002", "acquirer_id": "05000000002", "sender": "00000000001",
        "receiver": "01100000001", "mcc": "4111", "test_flag": "0",
    }  # fmt: skip
    assert {name: said[name] for name in expected} == expected
    assert read_evidence(line.evidence) == (
        Item("9F26", PROOF.tac),
        Item("DF01", b"\x01"),
        Item("DF02", b"20260317081500"),
        Item("DF03", (77).to_bytes(4, "big")),
    )
    assert out.numbers == [(1, "t1.1")]


def test_what_has_no_source_is_named() -> None:
    out = going("CL")
    add_records(out, [record("t1")], {}, {})
    assert out.no_source() == [
        "retrieval_reference", "transaction_type", "channel", "error_code", "error_text", "fee",
        "issuer_share", "acquirer_share",
    ]  # fmt: skip
    assert out.stated == {"mcc", "test_flag"}


def test_what_is_stated_never_replaces_a_source() -> None:
    stated = msgspec.structs.replace(PROFILE, stated={"test_flag": "0", "amount": "999"})
    out = going("CL", stated)
    add_records(out, [record("t1")], {}, {})
    assert texts(written(out)[0])["amount"] == "000000000450"
    assert out.stated == {"test_flag"}


def test_without_a_profile_rows_are_left_out_with_the_value_that_is_missing() -> None:
    out = going("CL", Profile())
    add_records(out, [record("t1")], {}, {})
    assert out.records == []
    assert left_out(out) == [("EXCHANGE_VALUE_MISSING", "t1.1:test_flag")]


@pytest.mark.parametrize(
    ("code", "changes", "expected"),
    [
        ("CL", {"medium_kind": "code"}, "EXCHANGE_NO_CARD"),
        ("CL", {"proofs": []}, "EXCHANGE_NO_CARD"),
        ("UPLOAD", {"delta_fen": -100}, "EXCHANGE_LATER_REVISION"),
        ("CL", {"revision": 2}, "EXCHANGE_LATER_REVISION"),
        ("ED", {}, "EXCHANGE_FIRST_REVISION"),
        ("FB", {}, "EXCHANGE_NO_VERDICT"),
    ],
)
def test_what_a_kind_of_file_cannot_say_is_left_out_with_its_reason(
    code: str, changes: dict[str, object], expected: str
) -> None:
    out = going(code)
    add_records(out, [record("t1", **changes), record("t2", **changes)], {}, {})
    assert left_out(out) == [(expected, "t1.1"), (expected, "t2.1")]


def test_verdicts_go_out_in_fb_and_come_back() -> None:
    verdicts = {
        "t1.1": verdict("t1"),
        "t2.1": verdict("t2", "1001", status="held", bearer="acquirer"),
    }
    out = going("FB", party="05000000002")
    add_records(out, [record("t1"), record("t2")], verdicts, {"t1.1": 501, "t2.1": 502})
    lines = written(out)
    assert [texts(line)["error_code"] for line in lines] == ["000000", "001001"]
    assert [texts(line)["error_text"] for line in lines] == ["正常", "TAC或签名验证未通过"]
    assert [texts(line)["acquirer_sequence"] for line in lines] == [
        "0" * 9 + "501",
        "0" * 9 + "502",
    ]
    back = read_ours(out.shape, lines, PROFILE, {501: "t1.1", 502: "t2.1"})
    assert isinstance(back, Incoming) and back.not_read == []
    assert back.found == list(verdicts.values())


def test_a_verdict_with_an_unknown_code_or_number_is_not_read() -> None:
    out = going("FB")
    add_records(
        out, [record("t1"), record("t2")], {"t1.1": verdict("t1"), "t2.1": verdict("t2")}, {}
    )
    lines = written(out)
    nobody = read_ours(out.shape, lines, PROFILE, {1: "t1.1"})
    assert isinstance(nobody, Incoming)
    assert [one.code for one in nobody.not_read] == ["EXCHANGE_NUMBER_UNKNOWN"]
    no_codes = read_ours(out.shape, lines, Profile(), {1: "t1.1", 2: "t2.1"})
    assert isinstance(no_codes, Incoming) and no_codes.found == []
    assert {one.code for one in no_codes.not_read} == {"EXCHANGE_CODE_UNKNOWN"}


def test_words_on_files_go_out_in_ld_and_come_back() -> None:
    answers = [
        VerdictFile(file_id=f"ACQ-500000-{n}", window_id="W20260318", file_code=code, verdicts=[])
        for n, code in enumerate(["OK", "FILE_SUM", "FILE_CHAIN"])
    ]
    out = going("LD")
    add_files(out, answers)
    lines = written(out)
    back = read_ours(out.shape, lines, PROFILE, {})
    assert isinstance(back, Incoming)
    assert back.found == [FileWord("ACQ-500000-0", "OK"), FileWord("ACQ-500000-1", "FILE_SUM")]
    assert [one.code for one in back.not_read] == ["EXCHANGE_CODE_UNKNOWN"]


def test_a_file_id_that_is_too_long_is_left_out_and_not_cut() -> None:
    out = going("LD")
    name = "A" * 51
    add_files(out, [VerdictFile(file_id=name, window_id="W", file_code="OK", verdicts=[])])
    assert left_out(out) == [("EXCHANGE_DOES_NOT_FIT", f"{name}:file_name")]


def statement(*amounts: int) -> Statement:
    lines = [
        StatementLine(counterparty="ISS-1", kind="trips", count=1, amount_fen=fen)
        for fen in amounts
    ]
    return Statement(
        window_id="W20260318", member="ACQ-500000", cutoff_s=1, lines=lines, net_fen=sum(amounts),
        fee_income_fen=0, operator_fees=[], operator_payouts=[],
    )  # fmt: skip


def test_a_statement_becomes_bp_once_the_test_totals_are_stated() -> None:
    out = going("BP")
    add_statement(out, statement(12_345, -45))
    assert left_out(out) == [("EXCHANGE_VALUE_MISSING", "W20260318/ACQ-500000:test_income")]
    stated = msgspec.structs.replace(PROFILE, stated={"test_income": "0", "test_pay": "0"})
    out = going("BP", stated)
    add_statement(out, statement(12_345, -45))
    add_statement(out, statement(-700))
    assert out.records[0] == b"000000012345000000000045" + b"0" * 24 + b"000000012300+"
    assert out.records[1] == b"0" * 12 + b"000000000700" + b"0" * 24 + b"000000000700-"


def revised(record: Record, charge_fen: int) -> Record:
    return msgspec.structs.replace(
        record, record_id="t1.2", revision=2, charge_fen=charge_fen,
        delta_fen=charge_fen - record.charge_fen,
    )  # fmt: skip


def test_a_later_revision_asks_for_an_adjustment_of_the_first() -> None:
    out = going("ED", party="05000000002")
    add_records(out, [revised(record("t1"), 270)], {}, {"t1.1": 501})
    said = texts(written(out)[0])
    assert said["acquirer_sequence"] == "000000000501"
    assert (said["adjusted_amount"], said["originator"]) == ("000000000270", "05000000002")
    assert (said["date"], said["time_of_day"]) == ("20260317", "081500")
    assert {"adjust_type", "error_type", "reason_code", "centre_sequence"} <= set(out.no_source())


def test_an_adjustment_says_whose_original_it_is() -> None:
    out = going("AD")
    add_records(out, [revised(record("t1"), 270)], {}, {"t1.1": 501})
    said = texts(written(out)[0])
    assert said["original_acquirer_sequence"] == "000000000501"
    assert said["original_acceptance_date"] == "20260317"
    assert {"error_fee", "confirming", "reply_code"} <= set(out.no_source())


def test_denied_cards_go_out_and_come_back_without_their_reason() -> None:
    out = going("UC")
    entries = [
        DenyEntry("3104770000000000017", "DENIED"),
        DenyEntry("Q12345", "DENIED"),
        DenyEntry("３１０４", "DENIED"),
    ]
    add_denied(out, [("ISS-110000", one) for one in entries])
    back = read_ours(out.shape, written(out), PROFILE, {})
    assert isinstance(back, Incoming)
    assert back.found == [DeniedCard("3104770000000000017", "ISS-110000")]
    assert [one.code for one in out.left_out] == ["EXCHANGE_NO_CARD"] * 2


def test_a_card_number_is_never_told_whole() -> None:
    out = going("UC", Profile())
    add_denied(out, [("ISS-110000", DenyEntry("3104770000000000017", "DENIED"))])
    assert left_out(out) == [("EXCHANGE_VALUE_MISSING", "310477*********0017:issuer")]


def test_card_beginnings_go_out_and_come_back() -> None:
    out = going("BN")
    add_prefixes(out, [("ISS-110000", "310477"), ("ISS-999999", "310478")])
    back = read_ours(out.shape, written(out), PROFILE, {})
    assert isinstance(back, Incoming)
    assert back.found == [CardBeginning("310477", "ISS-110000")]
    assert left_out(out) == [("EXCHANGE_VALUE_MISSING", "ISS-999999/310478:issuer")]


def test_a_code_that_two_members_have_names_nobody() -> None:
    shared = Profile(institutions={"ISS-1": "1", "ISS-2": "1", "ACQ-1": "2"})
    assert shared.member_of("1", "ISS") == "" and shared.member_of("2", "ISS") == ""
    assert shared.member_of("2", "ACQ") == "ACQ-1"


def test_bad_lines_are_not_read_but_told() -> None:
    found, lines = reading(
        b"01\n00000120260318           0031" + b"F" * 20 + b"\n" + b"\0" * 31, "UC"
    )
    back = read_ours(found.shape, lines, PROFILE, {})
    assert isinstance(back, Incoming) and back.found == []
    assert {one.code for one in back.not_read} == {"FILE_FORBIDDEN_CHAR"}


@pytest.mark.parametrize("code", sorted(set(CODES) - {"LD", "FB", "UC", "DC", "BN"}))
def test_no_record_of_ours_is_made_of_what_lacks_its_facts(code: str) -> None:
    found = read_ours(shape(code), [], PROFILE, {})
    assert isinstance(found, Refusal) and found.code == "EXCHANGE_NO_MESSAGE"


def test_numbers_come_back_and_slips_are_refused() -> None:
    numbers = [(1, "t1.1"), (999_999_999_999, "t-2.4")]
    assert read_numbers(write_numbers(numbers)) == dict(numbers)
    for wrong in (
        b"0,a\n",
        b"1,a\n1,b\n",
        b"1;a\n",
        b"01,a\n",
        "１,a\n".encode(),
        b"1,\n",
        b"1,a,b\n",
    ):
        found = read_numbers(wrong, "n")
        assert isinstance(found, Refusal) and found.code == "EXCHANGE_NUMBERS"


@pytest.mark.parametrize(
    "text",
    [
        "surprise = 1",
        "[error_codes]\n0000 = '0'\n0009 = '0'",
        "[evidence]\npin = '9F26'",
        "[evidence]\ntac = '9f26'",
        "[evidence]\ntac = '9F260102'",
        "[signs]\nzero = '0'",
        "[institutions]\nHUB = 1",
        "[",
        "\udcff",
    ],
)
def test_a_profile_with_a_slip_is_refused(text: str) -> None:
    with pytest.raises(Problem, match="EXCHANGE_PROFILE"):
        read_profile(text.encode("utf-8", "surrogateescape"))


def test_a_kind_without_a_layout_is_refused() -> None:
    assert isinstance(opening(b"01\n", "ZZ"), Refusal)
