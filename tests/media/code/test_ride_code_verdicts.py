"""One reason for each refusal, in one fixed order, whatever else is wrong with the code."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from typing import Any

import pytest
from code_world import (
    ACCOUNT,
    CARD,
    ISSUER,
    MADE_S,
    ROOT,
    STRANGER,
    TRUST,
    made,
    name_of,
    read,
    told,
)
from msgspec.structs import replace

from tongxing.kernel.clock import at
from tongxing.kernel.reasons import all_reasons
from tongxing.media.code.caching import CodeCaches, ReplayWindow
from tongxing.media.code.travel import INSIDE, Travel, make_travel
from tongxing.media.code.verify import NUMBERS, Accepted, Refused, Trust, verify


@dataclass(frozen=True)
class Fault:
    """One thing wrong: in the code, in what the gate trusts, or in what it asks."""

    reason: str
    code: str
    making: dict[str, Any] = field(default_factory=dict)
    trust: dict[str, Any] = field(default_factory=dict)
    asking: dict[str, Any] = field(default_factory=dict)
    spoil: Callable[[bytes], bytes] = bytes
    replayed: bool = False


def set_byte(place: int, value: int) -> Callable[[bytes], bytes]:
    return lambda raw: raw[:place] + bytes((value,)) + raw[place + 1 :]


def denied(account: str) -> Callable[[str], str]:
    return lambda asked: "ACCOUNT_DENIED" if asked == account else ""


FAULTS = {
    "trailing byte": Fault("FORMAT", "QR_MALFORMED", spoil=lambda raw: raw + b"\0"),
    "header": Fault("CERT_INVALID", "QR_MALFORMED", making={"edit_certificate": set_byte(0, 0x25)}),
    "root": Fault("CA_UNKNOWN", "QR_KEY_UNKNOWN", making={"root_index": 9}),
    "root's signature": Fault("CERT_INVALID", "QR_SIGNATURE", making={"root": STRANGER.sign}),
    "month": Fault(
        "CERT_EXPIRED", "QR_CERTIFICATE_EXPIRED", making={"expires": date(2025, 12, 31)}
    ),
    "revoked": Fault(
        "CERT_INVALID", "QR_CERTIFICATE_REVOKED", trust={"revoked": {(ISSUER, "000001")}}
    ),
    "other issuer": Fault("CERT_INVALID", "QR_SIGNATURE", making={"named_issuer": "99016901"}),
    "white list": Fault("ISSUER_UNKNOWN", "QR_ISSUER_UNKNOWN", trust={"issuers": {"12345678"}}),
    "issuer's signature": Fault("AUTH_SIGN", "QR_SIGNATURE", making={"issuer": STRANGER.sign}),
    "authorisation": Fault("AUTH_EXPIRED", "QR_TICKET_EXPIRED", making={"ends_s": MADE_S}),
    "phone's signature": Fault("USER_SIGN", "QR_SIGNATURE", making={"phone": STRANGER.sign}),
    "clock": Fault("CODE_EXPIRED", "QR_EXPIRED", making={"made_s": MADE_S - 61}),
    "limit": Fault("OVER_LIMIT", "QR_OVER_LIMIT", asking={"fare_fen": 2_001}),
    "deny list": Fault("BLACKLIST", "ACCOUNT_DENIED", asking={"denied": denied(ACCOUNT)}),
    "seen": Fault("REPLAY", "QR_REPLAYED", replayed=True),
    "sequence": Fault(
        "SEQUENCE",
        "QR_SEQUENCE",
        making={"custom": make_travel(Travel(kind=1, state=INSIDE))},
        asking={"role": "entry"},
    ),
}
"""In the order in which a gate asks."""


def judged(*faults: Fault, caches: CodeCaches | None = None) -> Accepted | Refused:
    """The verdict on a code that has all these faults."""
    making: dict[str, Any] = {}
    trust: dict[str, Any] = {}
    asking: dict[str, Any] = {}
    for fault in faults:
        making |= fault.making
        trust |= fault.trust
        asking |= fault.asking
    raw = made(**making)
    if any(fault.replayed for fault in faults):
        asking["seen"] = ReplayWindow()
        asking["seen"].note(read(raw), MADE_S)
    for fault in faults:
        raw = fault.spoil(raw)
    return verify(raw, replace(TRUST, **trust), MADE_S, caches=caches, **asking)


def test_a_code_without_a_fault_is_accepted() -> None:
    verdict = judged()
    assert isinstance(verdict, Accepted)
    assert verdict.code.payment_account == ACCOUNT


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_has_its_reason(name: str) -> None:
    fault = FAULTS[name]
    verdict = judged(fault)
    assert told(verdict) == (fault.reason, fault.code)
    assert isinstance(verdict, Refused)
    assert verdict.is_forged == (fault.reason in {"CERT_INVALID", "AUTH_SIGN", "USER_SIGN"})
    assert (verdict.code is None) == (fault.reason == "FORMAT")
    for language in ("zh", "en"):
        assert "{" not in verdict.refusal.message(language)


@pytest.mark.parametrize(("first", "second"), list(combinations(FAULTS, 2)))
def test_of_two_faults_the_earlier_question_names_its_own(first: str, second: str) -> None:
    wanted = FAULTS[first]
    assert told(judged(wanted, FAULTS[second])) == (wanted.reason, wanted.code)


@pytest.mark.parametrize("name", FAULTS)
def test_a_gate_that_remembers_good_codes_gives_the_same_reason(name: str) -> None:
    caches = CodeCaches()
    for good in ({}, {"custom": make_travel(Travel(kind=1, state=INSIDE))}):
        assert name_of(verify(made(**good), TRUST, MADE_S, caches=caches)) == "ACCEPTED"
    assert told(judged(FAULTS[name], caches=caches)) == told(judged(FAULTS[name]))


def test_the_numbers_of_other_terminals() -> None:
    verdict = judged(FAULTS["clock"])
    assert isinstance(verdict, Refused)
    assert verdict.number == -105
    assert NUMBERS == {"FORMAT": -1, "CA_UNKNOWN": -101, "CERT_INVALID": -102, "AUTH_SIGN": -103,
                       "USER_SIGN": -104, "CODE_EXPIRED": -105, "OVER_LIMIT": -106}  # fmt: skip


def test_everything_a_gate_says_about_a_code_has_a_voice() -> None:
    for code in {fault.code for fault in FAULTS.values()} | {
        "QR_LENGTH", "QR_VERSION", "QR_CLOCK_SKEW", "QR_NOT_TRANSIT", "QR_SEVERAL",
        "QUOTA_EXHAUSTED", "DEBT_OUTSTANDING",
    }:  # fmt: skip
        assert all_reasons()[code].voice_zh and all_reasons()[code].voice_en, code


@pytest.mark.parametrize(
    ("place", "value"), [(0, 0x23), (1, 0x02), (4, 0x01), (6, 0x11), (16, 1), (17, 3), (19, 32)]
)
def test_a_certificate_of_another_form_is_refused(place: int, value: int) -> None:
    """Header, service, format, the two algorithms, the length of the key."""
    verdict = verify(made(edit_certificate=set_byte(place, value)), TRUST, MADE_S)
    assert name_of(verdict) == "CERT_INVALID"


@pytest.mark.parametrize("account", [ACCOUNT, CARD, "0" + CARD])
@pytest.mark.parametrize("why", ["ACCOUNT_DENIED", "QUOTA_EXHAUSTED", "DEBT_OUTSTANDING"])
def test_an_account_or_its_card_is_denied_for_the_reason_on_the_list(
    account: str, why: str
) -> None:
    verdict = verify(made(), TRUST, MADE_S, denied=lambda asked: why if asked == account else "")
    assert told(verdict) == ("BLACKLIST", why)


def test_a_blocked_type_of_account_opens_nothing() -> None:
    assert told(verify(made(account_type=0xDD), TRUST, MADE_S)) == ("BLACKLIST", "ACCOUNT_DENIED")
    for kind in range(5):
        assert name_of(verify(made(account_type=kind), TRUST, MADE_S)) == "ACCEPTED"
    students_out = replace(TRUST, blocked_types={1})
    assert name_of(verify(made(account_type=1), students_out, MADE_S)) == "BLACKLIST"


@pytest.mark.parametrize(("fare_fen", "verdict"), [(0, "ACCEPTED"), (2_000, "ACCEPTED"),
                                                   (2_001, "OVER_LIMIT")])  # fmt: skip
def test_the_fare_may_reach_the_limit(fare_fen: int, verdict: str) -> None:
    assert name_of(verify(made(), TRUST, MADE_S, fare_fen=fare_fen)) == verdict


@pytest.mark.parametrize(
    ("now_s", "verdict"),
    [
        (at(date(2026, 1, 31), 23, 59, 59), "ACCEPTED"),
        (at(date(2026, 2, 1)), "CERT_EXPIRED"),
    ],
)
def test_a_certificate_is_good_to_the_end_of_its_month_in_china(now_s: int, verdict: str) -> None:
    raw = made(expires=date(2026, 1, 1), made_s=now_s, ends_s=now_s + 10)
    assert name_of(verify(raw, TRUST, now_s)) == verdict


def test_a_certificate_of_december_ends_with_the_year() -> None:
    last_s = at(date(2026, 12, 31), 23, 59, 59)
    raw = made(expires=date(2026, 12, 1), made_s=last_s, ends_s=last_s + 10)
    assert name_of(verify(raw, TRUST, last_s)) == "ACCEPTED"
    assert name_of(verify(raw, TRUST, last_s + 1)) == "CERT_EXPIRED"


@pytest.mark.parametrize("month", ["0026", "1326", "1a26", "012f"])
def test_a_certificate_that_names_no_month_is_refused(month: str) -> None:
    def sign(signed: bytes) -> bytes:
        return ROOT.sign(signed[:5] + bytes.fromhex(month) + signed[7:])

    def put(certificate: bytes) -> bytes:
        return certificate[:11] + bytes.fromhex(month) + certificate[13:]

    verdict = verify(made(root=sign, edit_certificate=put), TRUST, MADE_S)
    assert told(verdict) == ("CERT_INVALID", "QR_MALFORMED")


def test_a_white_list_names_who_is_welcome() -> None:
    welcome = replace(TRUST, issuers=frozenset({ISSUER}))
    assert name_of(verify(made(), welcome, MADE_S)) == "ACCEPTED"
    nobody = replace(TRUST, issuers=frozenset())
    assert name_of(verify(made(), nobody, MADE_S)) == "ISSUER_UNKNOWN"


@pytest.mark.parametrize("root", [b"", bytes(33), b"\x02" + b"\xff" * 32, b"\x05" + bytes(32)])
def test_a_root_that_is_no_key_vouches_for_nobody(root: bytes) -> None:
    assert name_of(verify(made(), Trust(roots={1: root}), MADE_S)) == "CA_UNKNOWN"
