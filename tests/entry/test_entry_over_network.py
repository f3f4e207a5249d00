"""An attester behind a real network: its answer, and everything that is none."""

import re
import threading
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from attester_server import (
    ASKER,
    ASKER_KEY,
    ATTESTER,
    ATTESTER_KEY,
    HOLDERS_KEY,
    STRANGER,
    Attester,
    attesting,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from entry_world import NOON_S, NUMBER, POLICY, sampled

from tongxing.entry import Asker, Attestation, holder_of, sign_attestation
from tongxing.entry.question import (
    PATH,
    Question,
    read_answer,
    read_question,
    sign_answer,
    sign_question,
)
from tongxing.gate.attesting import OverTheLine
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.reasons import Refusal
from tongxing.partners.attester import AttesterLine

HOLDER = holder_of(HOLDERS_KEY, POLICY.city, NUMBER)
KNOWN = {ASKER: ASKER_KEY.public_key()}
ATTESTERS = {ATTESTER: ATTESTER_KEY.public_key()}
QUESTION = Question(POLICY.city, HOLDER, NOON_S, bytes(range(16)))
ASKED = sign_question(QUESTION, ASKER, ASKER_KEY)


@pytest.fixture
def attester(tmp_path: Path) -> Iterator[Attester]:
    with attesting(POLICY, lambda: NOON_S, tmp_path) as found:
        yield found


def asker(attester: Attester, budget_ms: int = 2_000, key: Ed25519PrivateKey = ASKER_KEY) -> Asker:
    """A gate's way to it; each one has a connection of its own."""
    number = iter(range(1, 1000))

    def chance(count: int) -> bytes:
        return next(number).to_bytes(count, "big")

    line = AttesterLine(attester.address + PATH, attester.ca)
    provider = OverTheLine(POLICY.city, ASKER, key, ATTESTERS, line, chance)
    return Asker(POLICY, provider, ATTESTERS, HOLDERS_KEY, budget_ms=budget_ms)


@pytest.mark.req("R-101", "R-127")
def test_a_yes_and_a_no_and_nobody(attester: Attester) -> None:
    gate = asker(attester)
    attester.links(NUMBER, sampled(1))
    attester.links("2", sampled(3))
    yes, no, nobody = (gate.ask(number, NOON_S) for number in (NUMBER, "2", "3"))
    assert yes.upgraded and isinstance(yes.word, Attestation) and yes.word.passed
    assert no.upgraded and isinstance(no.word, Attestation) and not no.word.passed
    assert (nobody.upgraded, nobody.word) == (False, None)
    assert attester.connections == 1  # a question costs no new handshake


@pytest.mark.req("R-127", "R-136")
def test_a_question_names_a_keyed_hash_and_nothing_else(attester: Attester) -> None:
    asker(attester).ask(NUMBER, NOON_S)
    (asked,) = attester.questions
    assert (asked.city, asked.holder, asked.asked_s) == (POLICY.city, HOLDER, NOON_S)
    assert Question.__struct_fields__ == ("city", "holder", "asked_s", "nonce")
    assert NUMBER.encode() not in ASKED and NUMBER not in asked.holder


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("404", "PARTNER_ANSWER_BAD"),
        ("429", "PARTNER_BUSY"),
        ("500", "PARTNER_NO_ANSWER"),
        ("garbage", "ENTRY_ANSWER_MALFORMED"),
        ("long", "PARTNER_ANSWER_BAD"),
        ("forged answer", "ENTRY_ANSWER_FORGED"),
        ("forged attestation", "ENTRY_ATTESTATION_FORGED"),
        ("other holder", "ENTRY_ATTESTATION_HOLDER"),
        ("expired", "ENTRY_ATTESTATION_EXPIRED"),
    ],
)
def test_what_is_no_answer_is_none(attester: Attester, fault: str, code: str) -> None:
    attester.links(NUMBER, sampled(0))
    attester.fault = fault
    answer = asker(attester).ask(NUMBER, NOON_S)
    assert answer.upgraded is None and isinstance(answer.word, Refusal)
    assert answer.word.code == code and NUMBER not in repr(answer)


def test_an_answer_to_an_earlier_question_is_not_believed(attester: Attester) -> None:
    gate = asker(attester)
    attester.links(NUMBER, sampled(0))
    assert gate.ask(NUMBER, NOON_S).upgraded
    attester.links(NUMBER, sampled(0, good=False))
    attester.fault = "replayed"
    answer = gate.ask(NUMBER, NOON_S)
    assert isinstance(answer.word, Refusal) and answer.word.code == "ENTRY_ANSWER_OTHER"


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_one_that_hangs_or_drips_is_given_up(attester: Attester, fault: str) -> None:
    attester.links(NUMBER, sampled(0))
    if fault == "hang":
        attester.hangs = threading.Event()
    attester.fault = fault
    answer = asker(attester, budget_ms=200).ask(NUMBER, NOON_S)
    assert isinstance(answer.word, Refusal) and answer.word.code == "PARTNER_NO_ANSWER"


def test_one_that_is_gone_or_shows_another_certificate(attester: Attester, tmp_path: Path) -> None:
    line = AttesterLine("https://127.0.0.1:9" + PATH, attester.ca)
    assert line.ask(ASKED, 1000) == Refusal(
        "PARTNER_UNREACHABLE", "attester", {"partner": "attester"}
    )
    with attesting(POLICY, lambda: NOON_S, tmp_path / "other") as other:
        found = AttesterLine(attester.address + PATH, other.ca).ask(ASKED, 1000)
    assert isinstance(found, Refusal) and found.code == "PARTNER_UNREACHABLE"
    assert attester.questions == []


def test_who_is_not_known_is_told_nothing(attester: Attester) -> None:
    attester.links(NUMBER, sampled(0))
    answer = asker(attester, key=STRANGER).ask(NUMBER, NOON_S)
    assert isinstance(answer.word, Refusal) and answer.word.code == "PARTNER_NOT_ALLOWED"
    assert attester.refused == ["ENTRY_QUESTION_FORGED"] and attester.questions == []


@pytest.mark.parametrize(
    ("question", "code"),
    [
        (msgspec.structs.replace(QUESTION, asked_s=NOON_S - 91), "ENTRY_QUESTION_OTHER"),
        (msgspec.structs.replace(QUESTION, asked_s=NOON_S + 91), "ENTRY_QUESTION_OTHER"),
        (msgspec.structs.replace(QUESTION, city="500000"), "ENTRY_QUESTION_OTHER"),
        (msgspec.structs.replace(QUESTION, nonce=b""), "ENTRY_QUESTION_MALFORMED"),
        (msgspec.structs.replace(QUESTION, holder=NUMBER), "ENTRY_QUESTION_MALFORMED"),
    ],
)
def test_questions_that_an_attester_does_not_take(question: Question, code: str) -> None:
    raw = sign_question(question, ASKER, ASKER_KEY)
    found = read_question(raw, KNOWN, POLICY.city, NOON_S)
    assert isinstance(found, Refusal) and found.code == code


@pytest.mark.parametrize(
    "read",
    [
        lambda raw: read_question(raw, KNOWN, POLICY.city, NOON_S),
        lambda raw: read_answer(raw, ASKED, ATTESTERS),
    ],
)
def test_no_single_bit_can_be_changed(read: Callable[[bytes], object]) -> None:
    said = sign_answer(ASKED, b"word", ATTESTER, ATTESTER_KEY)
    for genuine in (ASKED, said):
        if isinstance(read(genuine), Refusal):
            continue
        for bit in range(len(genuine) * 8):
            changed = bytearray(genuine)
            changed[bit // 8] ^= 1 << bit % 8
            assert isinstance(read(bytes(changed)), Refusal)


@pytest.mark.parametrize("linked", [True, False])
def test_linked_and_attested_go_together(linked: bool) -> None:
    body = msgspec.msgpack.encode((sha256(ASKED).digest(), linked, b"" if linked else b"word"))
    signature = ATTESTER_KEY.sign(b"tongxing/entry/answer/1\0" + ATTESTER.encode() + b"\0" + body)
    raw = msgspec.msgpack.encode((ATTESTER, body, signature))
    assert read_answer(raw, ASKED, ATTESTERS) == Refusal("ENTRY_ANSWER_MALFORMED")


def test_the_example_in_the_document_is_what_this_program_makes() -> None:
    text = (Path(__file__).parents[2] / "docs/entry.md").read_text(encoding="utf-8")
    shown = re.search(r"^holder  .*?(?=^```)", text, re.MULTILINE | re.DOTALL)
    assert shown is not None
    told = dict(re.findall(r"(\w+) +([0-9a-f\s]+?)(?=\n\w|\n*\Z)", shown[0]))
    asked = Question(POLICY.city, HOLDER, 1_653_883_200, bytes(range(16)))
    question = sign_question(asked, ASKER, ASKER_KEY)
    word = Attestation(POLICY.city, HOLDER, True, asked.asked_s, asked.asked_s + DAY_S)
    attestation = sign_attestation(word, ATTESTER, ATTESTER_KEY)
    answer = sign_answer(question, attestation, ATTESTER, ATTESTER_KEY)
    made = {"question": question, "attestation": attestation, "answer": answer}
    assert told["holder"] == HOLDER
    for name, content in made.items():
        assert "".join(told[name].split()) == content.hex(), name
