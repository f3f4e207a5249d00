"""Keys, PINs and full numbers: in no printed value, no log, no failure; codes compared blindly."""

import logging
import traceback
from collections.abc import Iterator

import pytest
from torn_street import NUMBER, TERMINAL, VAULT, Gate, Tear, TearingLink, new_card, plan_of

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.chip.trial import trial_keys
from tongxing.media.card.terminal import (
    COMPOSITE,
    CardIds,
    IssuerHost,
    MemorySerials,
    SoftwareSam,
    issuer,
    load,
    read_ids,
    sam,
    select,
)
from tongxing.media.crypto.suites import same_code, suite_of
from tongxing.media.keys import KEY_USES
from tongxing.media.keys.marks import simulated_masters

PIN = bytes.fromhex("739158")
ISSUER8, CARD8 = bytes.fromhex("99016900FFFFFFFF"), bytes.fromhex(NUMBER[3:])


def secret_bytes() -> Iterator[bytes]:
    """Every key that exists in these tests, down to the session keys of the ride below."""
    yield PIN
    yield from simulated_masters().values()
    yield from trial_keys(ISSUER8, CARD8).values()
    for use in KEY_USES:
        for algorithm in (0, 4):
            issuer_key = VAULT.card_key(use, algorithm, 1, (ISSUER8,))
            assert isinstance(issuer_key, bytes)
            yield issuer_key
    for algorithm in (0, 4):
        suite, key = suite_of(algorithm), VAULT.card_key("DPK", algorithm, 1, (ISSUER8, CARD8))
        assert suite is not None and isinstance(key, bytes)
        yield from (suite.session(key, bytes((0, 0, 0, n, 0, 0, 1, 44))) for n in (1, 2, 3))


def assert_clean(text: str) -> None:
    lowered = text.lower()
    for secret in secret_bytes():
        assert secret.hex() not in lowered
        assert repr(secret) not in text and str(list(secret)) not in text
    assert NUMBER not in text and NUMBER[3:] not in text


@pytest.mark.parametrize("algorithm", [0, 4])
def test_nothing_that_a_terminal_prints_shows_a_key_or_a_number(
    algorithm: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    card, gate, host = new_card(), Gate(plan_of(COMPOSITE, algorithm)), IssuerHost(VAULT)
    things: list[object] = [VAULT, gate.sam, host, gate.plan]
    things.append(gate.tap(TearingLink(card, Tear(5, done=True))))
    things += gate.waiting.waiting()
    card.reset()
    things.append(gate.tap(card))
    select(card)
    ids = read_ids(card)
    loaded = load(card, host, 100, TERMINAL, "20260109080000", order="A", pin=PIN)
    torn = TearingLink(card, Tear(2, done=True))
    things += [ids, loaded, load(torn, host, 100, TERMINAL, "20260109090000", order="B")]
    things += [host.order("A"), host.order("B")]
    assert_clean("\n".join(map(repr, things)) + "\n".join(map(str, things)) + caplog.text)


class _BrokenSerials:
    def next(self) -> int:
        raise RuntimeError("a bug")


def test_the_trace_of_a_failure_shows_neither() -> None:
    gate = Gate(plan_of(COMPOSITE, 4), sam=SoftwareSam(TERMINAL, VAULT, _BrokenSerials()))
    with pytest.raises(RuntimeError, match="a bug") as failure:
        gate.tap(new_card())
    shown = traceback.TracebackException.from_exception(failure.value, capture_locals=True)
    # Local variables are shown by their repr; the card and the command on the wire are not ours.
    frames = [frame for frame in shown.stack if frame.filename.endswith("terminal/purchase.py")]
    assert frames
    for frame in frames:
        named = {name: text for name, text in (frame.locals or {}).items() if name != "data"}
        assert_clean("\n".join(named.values()))


def test_every_code_is_compared_in_a_time_that_tells_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[int] = []

    def counting(left: bytes, right: bytes) -> bool:
        compared.append(len(left))
        return same_code(left, right)

    monkeypatch.setattr(sam, "same_code", counting)
    monkeypatch.setattr(issuer, "same_code", counting)
    card = new_card()
    Gate(plan_of(COMPOSITE, 0)).tap(card)
    assert compared == [4], "MAC2"
    assert not isinstance(load(card, IssuerHost(VAULT), 100, TERMINAL, "20260109080000"), Refusal)
    assert compared == [4] * 3, "and MAC1 and TAC of a load"


def test_a_module_is_named_by_its_number_only() -> None:
    module = SoftwareSam(TERMINAL, VAULT, MemorySerials())
    assert repr(module) == "SoftwareSam(690000000001)"
    assert repr(CardIds(bytes.fromhex("0" + NUMBER), ISSUER8, CARD8)) == "CardIds(319901…0013)"
