"""The kit for ride codes: content with ours, here and behind a program, and with no faulty one."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tongxing.cli.conformance.telling import title_of
from tongxing.kernel.reasons import Refusal
from tongxing.media.code.caching import ReplayWindow
from tongxing.media.code.layout import parse_code
from tongxing.media.code.verify import Refused, Trust, verify
from tongxing.media.conformance.code import (
    Builtin,
    CodeProgram,
    case_names,
    open_code_program,
    run_code,
)
from tongxing.media.conformance.code.asking import (
    Answered,
    IssueQuestion,
    Question,
    VerifyQuestion,
)
from tongxing.media.conformance.results import Result
from tongxing.media.crypto.providers import simulated_signer, sm2
from tongxing.media.crypto.sm2 import PublicKey

CERTIFICATE_SIGNED, PLAIN_AUTHORISED = 47, 195


def failed(results: Iterator[Result]) -> set[str]:
    return {result.case for result in results if result.verdict == "fail"}


def test_it_is_content_with_our_verifier_and_issuer() -> None:
    results = list(run_code(Builtin()))
    assert len(results) == len(case_names()) > 60
    assert {result.verdict for result in results} == {"pass"}, results


@dataclass
class LenientComputer:
    """Computes SM2 as it should, but takes every signature over so many bytes for good."""

    lengths: frozenset[int]
    name: str = "lenient"

    def key(self, public: bytes, *, tabled: bool = False) -> PublicKey | None:
        return sm2().key(public, tabled=tabled)

    def verify(self, key: PublicKey, message: bytes, signature: bytes) -> bool:
        return len(message) in self.lengths or sm2().verify(key, message, signature)

    def sign(self, private: bytes, message: bytes) -> bytes:
        return simulated_signer().sign(private, message)

    def public_of(self, private: bytes) -> bytes:
        return simulated_signer().public_of(private)


@dataclass
class FaultyVerifier:
    """A verifier that changes what it is asked, or how it computes, or what it answers."""

    question: Callable[[VerifyQuestion], VerifyQuestion] = field(default=lambda asked: asked)
    how: dict[str, Any] = field(default_factory=dict)
    answer: Callable[[Answered], Answered] = field(default=lambda answered: answered)
    remembers: bool = True
    seen: ReplayWindow = field(default_factory=ReplayWindow)

    def ask(self, question: Question) -> Answered:
        if isinstance(question, IssueQuestion):
            return Answered(unable=True)
        asked = self.question(question)
        trust = Trust(
            roots={int(index): bytes.fromhex(key) for index, key in asked.roots.items()},
            issuers=asked.issuers,
            revoked=frozenset(asked.revoked),
            blocked_types=self.how.get("blocked_types", {0xDD}),
        )
        verdict = verify(
            bytes.fromhex(asked.code),
            trust,
            asked.now_s,
            sm2=self.how.get("sm2"),
            skew_s=self.how.get("skew_s", 30),
            fare_fen=asked.fare_fen,
            denied=lambda account: "MEDIUM_DENIED" if account in asked.denied else "",
            seen=self.seen if self.remembers else None,
            role=asked.role,
        )
        if isinstance(verdict, Refused):
            return self.answer(Answered(accepted=False, reason=verdict.reason))
        self.seen.note(verdict.code, asked.now_s)
        return self.answer(Answered(accepted=True))


def at_its_own_time(question: VerifyQuestion) -> VerifyQuestion:
    """The code is judged as of when it was made, so it is never too old."""
    code = parse_code(bytes.fromhex(question.code))
    return question if isinstance(code, Refusal) else replace(question, now_s=code.generated_s)


def signed_by(*lengths: int) -> dict[str, Any]:
    return {"sm2": LenientComputer(frozenset(lengths))}


FAULTS = {
    "skips the root signature": (
        FaultyVerifier(how=signed_by(CERTIFICATE_SIGNED)),
        {"certified-by-a-stranger", "certified-by-itself", "a-certificate-changed"},
    ),
    "skips the issuer signature": (
        FaultyVerifier(how=signed_by(PLAIN_AUTHORISED)),
        {"authorised-by-a-stranger", "a-limit-raised-afterwards"},
    ),
    "skips the phone signature": (
        FaultyVerifier(how=signed_by(267)),
        {"shown-by-another-phone", "a-time-changed-afterwards", "a-phone-signature-of-nothing"},
    ),
    "accepts an expired code": (
        FaultyVerifier(at_its_own_time),
        {"a-second-too-old", "a-day-old", "a-phone-31-s-ahead"},
    ),
    "allows for a wide clock": (FaultyVerifier(how={"skew_s": 60}), {"a-phone-31-s-ahead"}),
    "allows for no clock": (FaultyVerifier(how={"skew_s": 0}), {"a-phone-30-s-ahead"}),
    "knows no limit": (
        FaultyVerifier(lambda asked: replace(asked, fare_fen=0)),
        {"a-fare-above-the-limit", "too-dear-and-denied"},
    ),
    "knows no deny list": (
        FaultyVerifier(lambda asked: replace(asked, denied=())),
        {"a-denied-account", "a-denied-card-account", "a-denied-card"},
    ),
    "knows no blocked type": (
        FaultyVerifier(how={"blocked_types": ()}),
        {"a-blocked-account-type"},
    ),
    "knows no withdrawn certificate": (
        FaultyVerifier(lambda asked: replace(asked, revoked=())),
        {"a-certificate-withdrawn"},
    ),
    "knows no white list": (
        FaultyVerifier(lambda asked: replace(asked, issuers=None)),
        {"an-issuer-not-on-the-list"},
    ),
    "forgets what it accepted": (FaultyVerifier(remembers=False), {"the-same-code-again"}),
    "looks at no state": (
        FaultyVerifier(lambda asked: replace(asked, role="single")),
        {"an-entry-from-inside", "an-exit-from-outside"},
    ),
    "has one reason for all": (
        FaultyVerifier(answer=lambda a: replace(a, reason="FORMAT") if a.reason else a),
        {"a-second-too-old", "certified-by-a-stranger"},
    ),
    "accepts everything": (
        FaultyVerifier(answer=lambda _: Answered(accepted=True)),
        {"any-bit-turned", "nothing", "a-certificate-of-last-month"},
    ),
    "gives no verdict": (FaultyVerifier(answer=lambda _: Answered()), {"a-good-code"}),
}


@pytest.mark.parametrize(("verifier", "found"), FAULTS.values(), ids=FAULTS)
def test_a_faulty_verifier_is_found(verifier: FaultyVerifier, found: set[str]) -> None:
    assert found <= failed(run_code(verifier))


def test_without_a_fault_that_verifier_is_content_and_issuing_is_skipped() -> None:
    results = list(run_code(FaultyVerifier()))
    assert failed(iter(results)) == set()
    assert {r.case for r in results if r.why == "unable"} == {
        name for name in case_names() if name.startswith("issue-")
    }


@dataclass
class FaultyIssuer:
    """Our issuer, asked for something else, or telling something else."""

    changes: dict[str, Any]

    def ask(self, question: Question) -> Answered:
        if isinstance(question, VerifyQuestion):
            return Answered(unable=True)
        return Builtin().ask(replace(question, **self.changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"now_s": 1_767_831_000},
        {"limit_fen": 1},
        {"serial": "000009"},
        {"custom": "00"},
        {"payment_account": "9901000000000009"},
        {"root_private": "11" * 32},
        {"phone_private": "11" * 32, "validity_s": 61},
        {"root_index": 2},
    ],
    ids=lambda changes: " ".join(changes),
)
def test_a_faulty_issuer_is_found(changes: dict[str, Any]) -> None:
    assert "issue-a-code" in failed(run_code(FaultyIssuer(changes)))


@pytest.mark.parametrize("code", ["", "xyz", "81"])
def test_an_issuer_that_makes_no_code_is_found(code: str) -> None:
    class Nothing:
        def ask(self, _question: Question) -> Answered:
            return Answered(code=code)

    assert "issue-a-code" in failed(run_code(Nothing(), only=("issue-",)))


PROGRAM = """
import sys, msgspec
from tongxing.media.conformance.code.asking import Builtin, Question
ours = Builtin()
for line in sys.stdin:
    answer = ours.ask(msgspec.json.decode(line, type=Question))
    print(msgspec.json.encode(answer).decode(), flush=True)
"""


def opened(program: str, answer_s: float = 20.0) -> CodeProgram:
    found = open_code_program([sys.executable, "-c", program], answer_s=answer_s)
    assert isinstance(found, CodeProgram)
    return found


def test_it_is_content_with_a_program() -> None:
    with opened(PROGRAM) as program:
        results = list(run_code(program))
    assert {result.verdict for result in results} == {"pass"}, results


@pytest.mark.parametrize(
    ("program", "what"),
    [
        ("input(); print('yes')", "no_answer"),
        ("input(); print('[]')", "no_answer"),
        ('input(); print(\'{"accepted": "true"}\')', "no_answer"),
        ("input(); print()", "ended"),
        ("input(); print('x' * 20000)", "ended"),
        ("", "ended"),
        ("import time; time.sleep(9)", "late"),
    ],
    ids=lambda value: value[:40],
)
def test_what_is_no_answer_is_a_difference(program: str, what: str) -> None:
    with opened(program, answer_s=0.5 if "sleep" in program else 20.0) as asked:
        (result,) = run_code(asked, only=("a-good-code",))
    assert result.difference is not None and result.difference.what == what


def test_a_program_that_does_not_start_is_refused() -> None:
    refused = open_code_program("/no/such/verifier")
    assert isinstance(refused, Refusal) and refused.code == "COMMAND_NOT_STARTED"


@settings(max_examples=15, deadline=None)
@given(st.builds(Answered, st.none() | st.booleans(), st.text(max_size=9), st.text(max_size=9)))
def test_no_answer_makes_it_raise(answer: Answered) -> None:
    class Babbling:
        def ask(self, _question: Question) -> Answered:
            return answer

    assert failed(run_code(Babbling(), only=("a-", "issue-")))


def test_every_case_has_its_title() -> None:
    assert all(title_of(name) for name in case_names())
    assert len(set(case_names())) == len(case_names())
