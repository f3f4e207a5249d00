"""Questions to whoever verifies or issues ride codes, and the answers; ours or another's.

A question and its answer are one JSON object each. A child program gets each question as one line
and answers with one line; what is no answer is a difference, never an exception. Private keys in
a question are made from labels and protect nothing.
"""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Protocol

import msgspec

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.readers.patience import Late
from tongxing.media.card.readers.program import LineProgram, ProgramGone, open_program
from tongxing.media.code.caching import CodeCaches, ReplayWindow
from tongxing.media.code.issue import Authorisation, authorise, make_certificate, refresh
from tongxing.media.code.verify import Refused, Role, Trust, verify
from tongxing.media.conformance.code.recipe import month_of
from tongxing.media.conformance.results import Differs
from tongxing.media.crypto.providers import simulated_signer

ANSWER_S = 10.0
_LINE_MAX = 16_384


class VerifyQuestion(msgspec.Struct, frozen=True, tag_field="ask", tag="verify"):
    """Whether a code opens the gate. `code` is what the scanner read, in hex; `roots` are public
    keys (hex) by index; without `issuers` every certified issuer is welcome; `revoked` are pairs of
    issuer and certificate serial. Times are Unix seconds, money is fen."""

    id: str
    code: str
    now_s: int
    roots: Mapping[str, str]
    issuers: tuple[str, ...] | None
    revoked: tuple[tuple[str, str], ...]
    denied: tuple[str, ...]
    fare_fen: int
    role: Role


class IssueQuestion(msgspec.Struct, frozen=True, tag_field="ask", tag="issue"):
    """A code to be made. Keys are private test keys (hex); `certificate_month` is YYYY-MM."""

    id: str
    now_s: int
    root_index: int
    root_private: str
    issuer_private: str
    phone_private: str
    issuer_id: str
    serial: str
    certificate_month: str
    payment_account: str
    card_account: str
    platform_id: str
    account_type: int
    limit_fen: int
    ends_s: int
    validity_s: int
    custom: str


Question = VerifyQuestion | IssueQuestion


class Answered(msgspec.Struct, frozen=True):
    """`accepted` and `reason` answer a verify question, `code` (hex) one to issue. `unable` says
    that this is not offered; the case is skipped then."""

    accepted: bool | None = None
    reason: str = ""
    code: str = ""
    unable: bool = False


class Asked(Protocol):
    """Whoever answers questions."""

    def ask(self, question: Question) -> Answered:
        """The answer. Raises Differs when there is none."""


class Builtin(Asked):
    """Our own verifier and issuer, which remember what they accepted."""

    def __init__(self) -> None:
        self._seen, self._caches = ReplayWindow(), CodeCaches()

    def ask(self, question: Question) -> Answered:
        return self._verify(question) if isinstance(question, VerifyQuestion) else _issue(question)

    def _verify(self, question: VerifyQuestion) -> Answered:
        trust = Trust(
            roots={int(index): bytes.fromhex(key) for index, key in question.roots.items()},
            issuers=question.issuers,
            revoked=frozenset(question.revoked),
        )
        denied = frozenset(question.denied)
        verdict = verify(
            bytes.fromhex(question.code),
            trust,
            question.now_s,
            caches=self._caches,
            fare_fen=question.fare_fen,
            denied=lambda account: "MEDIUM_DENIED" if account in denied else "",
            seen=self._seen,
            role=question.role,
        )
        if isinstance(verdict, Refused):
            return Answered(accepted=False, reason=verdict.reason)
        self._seen.note(verdict.code, question.now_s)
        return Answered(accepted=True)


def _issue(question: IssueQuestion) -> Answered:
    sm2 = simulated_signer()
    root, bank, phone = (
        bytes.fromhex(key)
        for key in (question.root_private, question.issuer_private, question.phone_private)
    )
    certificate = make_certificate(
        lambda message: sm2.sign(root, message),
        issuer_id=question.issuer_id,
        public_key=sm2.public_of(bank),
        expires=month_of(question.certificate_month),
        serial=question.serial,
        root_index=question.root_index,
    )
    if isinstance(certificate, Refusal):
        return Answered(unable=True)
    granted = Authorisation(
        payment_account=question.payment_account,
        card_account=question.card_account,
        platform_id=question.platform_id,
        user_key=sm2.public_of(phone),
        ends_s=question.ends_s,
        account_type=question.account_type,
        limit_fen=question.limit_fen,
        validity_s=question.validity_s,
        custom=bytes.fromhex(question.custom),
    )
    authorised = authorise(lambda message: sm2.sign(bank, message), certificate, granted)
    if isinstance(authorised, Refusal):
        return Answered(unable=True)
    code = refresh(authorised, lambda message: sm2.sign(phone, message), question.now_s)
    return Answered(unable=True) if isinstance(code, Refusal) else Answered(code=code.hex())


def open_code_program(
    command: str | Sequence[str], *, answer_s: float = ANSWER_S
) -> "CodeProgram | Refusal":
    """Start a program that answers questions. Refuses COMMAND_NOT_STARTED."""
    program = open_program(command, answer_s, _LINE_MAX)
    return program if isinstance(program, Refusal) else CodeProgram(program)


class CodeProgram(Asked):
    """A child program that answers lines of JSON with lines of JSON."""

    def __init__(self, program: LineProgram) -> None:
        self._program = program

    def __enter__(self) -> "CodeProgram":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._program.close()

    def ask(self, question: Question) -> Answered:
        line = msgspec.json.encode(question)
        try:
            answer = self._program.ask(line)
        except Late:
            raise Differs("late", line.decode()) from None
        except ProgramGone:
            raise Differs("ended", line.decode()) from None
        try:
            return msgspec.json.decode(answer, type=Answered)
        except (msgspec.DecodeError, UnicodeDecodeError):
            found = answer[:200].decode("utf-8", "replace")
            raise Differs("no_answer", line.decode(), "{…}", found) from None
