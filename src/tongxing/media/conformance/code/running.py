"""Runs the cases for ride codes and tells how each ended as soon as it has.

Codes that somebody else made are judged by our own verifier, and their fields are compared with
what was asked for, one by one.
"""

from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from tongxing.media.code.layout import RideCode, read_certificate
from tongxing.media.code.verify import Accepted, Refused, Trust, verify
from tongxing.media.conformance.code.asking import Answered, Asked, IssueQuestion, VerifyQuestion
from tongxing.media.conformance.code.cases import CASES, CodeCase
from tongxing.media.conformance.code.recipe import (
    ACCOUNT,
    BANK,
    CARD_ACCOUNT,
    DAY_S,
    ISSUER,
    NOW_S,
    PHONE,
    PLATFORM,
    ROOT,
    ROOT_INDEX,
    SERIAL,
    accounts,
    private_of,
    public_of,
)
from tongxing.media.conformance.results import Differs, Result, Skipped, chosen, result_of

_BITS, _BITS_RULE, _ISSUE_RULE = "any-bit-turned", "C16", "I1"
_BIT_EVERY = 53
"""A prime: every place within a byte has its turn."""

_PLAIN = IssueQuestion(
    id="",
    now_s=NOW_S,
    root_index=ROOT_INDEX,
    root_private=private_of(ROOT).hex(),
    issuer_private=private_of(BANK).hex(),
    phone_private=private_of(PHONE).hex(),
    issuer_id=ISSUER,
    serial=SERIAL,
    certificate_month="2030-12",
    payment_account=ACCOUNT,
    card_account=CARD_ACCOUNT,
    platform_id=PLATFORM,
    account_type=0,
    limit_fen=2_000,
    ends_s=NOW_S + 7 * DAY_S,
    validity_s=60,
    custom="",
)
_ISSUED = (
    replace(_PLAIN, id="issue-a-code"),
    replace(_PLAIN, id="issue-with-an-own-field", custom=bytes(range(32)).hex()),
    replace(_PLAIN, id="issue-the-highest-limit", limit_fen=0xFFFFFF, validity_s=600),
    replace(_PLAIN, id="issue-another-account", payment_account="9901000000000002",
            card_account="03199010000000000021", account_type=2),
    replace(_PLAIN, id="issue-a-later-display", now_s=NOW_S + 30),
    replace(_PLAIN, id="issue-a-certificate-of-this-month", certificate_month="2026-01"),
)  # fmt: skip


def case_names() -> list[str]:
    """The names of all cases."""
    return list(case_rules())


def case_rules() -> dict[str, str]:
    """The rule that each case tests, by the case's name, in their order."""
    shown = {case.name: case.rule for case in CASES}
    return shown | {_BITS: _BITS_RULE} | {question.id: _ISSUE_RULE for question in _ISSUED}


def run_code(asked: Asked, *, only: Sequence[str] = ()) -> Iterator[Result]:
    """Run the cases whose name begins with one of `only`, or whose rule it is; all when empty."""
    wanted = set(chosen(case_rules(), only))
    for case in CASES:
        if case.name in wanted:
            yield result_of(case.name, case.rule, _shown(asked, case))
    if _BITS in wanted:
        yield result_of(_BITS, _BITS_RULE, lambda: _bits(asked))
    for question in _ISSUED:
        if question.id in wanted:
            yield result_of(question.id, _ISSUE_RULE, _made(asked, question))


def _shown(asked: Asked, case: CodeCase) -> Callable[[], None]:
    def run() -> None:
        question = _question(case, *accounts(CASES.index(case)))
        if case.twice:
            _judged(question, asked.ask(question), "")
        _judged(question, asked.ask(question), case.reason)

    return run


def _question(case: CodeCase, account: str, card_account: str) -> VerifyQuestion:
    return VerifyQuestion(
        id=case.name,
        code=case.scanned(account, card_account).hex(),
        now_s=case.now_s,
        roots={str(ROOT_INDEX): public_of(ROOT).hex()},
        issuers=case.issuers,
        revoked=case.revoked,
        denied=case.denied(account, card_account),
        fare_fen=case.fare_fen,
        role=case.role,
    )


def _judged(question: VerifyQuestion, answered: Answered, reason: str) -> None:
    if answered.unable:
        raise Skipped("unable")
    found = "accepted" if answered.accepted else answered.reason
    if answered.accepted is None:
        raise Differs("no_verdict", question.code)
    if found != (reason or "accepted"):
        raise Differs("verdict", question.code, reason or "accepted", found or "refused")


def _bits(asked: Asked) -> None:
    """One bit of a good code is turned over, many times: whatever the reason, none may pass."""
    case = CodeCase(_BITS, _BITS_RULE)
    question = _question(case, *accounts(len(CASES)))
    code = bytes.fromhex(question.code)
    for bit in range(0, len(code) * 8, _BIT_EVERY):
        turned = bytearray(code)
        turned[bit // 8] ^= 0x80 >> bit % 8
        answered = asked.ask(replace(question, code=turned.hex()))
        if answered.unable:
            raise Skipped("unable")
        if answered.accepted is not False:
            raise Differs("bit", turned.hex(), "refused", f"bit {bit}")


def _made(asked: Asked, question: IssueQuestion) -> Callable[[], None]:
    def run() -> None:
        answered = asked.ask(question)
        if answered.unable:
            raise Skipped("unable")
        try:
            code = bytes.fromhex(answered.code)
        except ValueError:
            raise Differs("no_code", "", "", answered.code[:40]) from None
        verdict = verify(code, Trust(roots={ROOT_INDEX: public_of(ROOT)}), question.now_s)
        if isinstance(verdict, Refused):
            raise Differs("verdict", answered.code, "accepted", verdict.reason)
        _compare(question, verdict)

    return run


def _compare(question: IssueQuestion, verdict: Accepted) -> None:
    found = verdict.code
    for name, wanted, has in _fields(question, found):
        if wanted != has:
            raise Differs("field", found.raw.hex(), f"{name} {wanted}", f"{name} {has}")


def _fields(asked: IssueQuestion, found: RideCode) -> list[tuple[str, object, object]]:
    certificate = read_certificate(found.certificate)
    year, month = asked.certificate_month.split("-")
    return [
        ("payment_account", asked.payment_account, found.payment_account),
        ("card_account", asked.card_account, found.card_account),
        ("platform_id", asked.platform_id, found.platform_id),
        ("account_type", asked.account_type, found.account_type),
        ("limit_fen", asked.limit_fen, found.limit_fen),
        ("ends_s", asked.ends_s, found.authorisation_ends_s),
        ("validity_s", asked.validity_s, found.validity_s),
        ("custom", asked.custom, found.custom.hex()),
        ("now_s", asked.now_s, found.generated_s),
        ("serial", asked.serial, certificate.serial),
        ("certificate_month", f"{month}{year[2:]}", certificate.expires),
        ("root_index", asked.root_index, certificate.root_index),
    ]
