"""The benchmark judges what it times, turn by turn, and tells one line."""

import json
from itertools import count

import pytest
from msgspec.structs import replace

from tongxing.cli import run
from tongxing.media.code.measuring import MADE_S, Sample, invent_codes, measure_codes
from tongxing.media.code.verify import Accepted, verify
from tongxing.media.crypto.providers import VARIABLE, sm2
from tongxing.media.crypto.sm2_plain import PlainSm2

SAMPLE = invent_codes(3)


def test_every_code_of_the_sample_is_another_passengers_and_good() -> None:
    verdicts = [verify(raw, SAMPLE.trust, MADE_S) for raw in SAMPLE.codes]
    accounts = {
        verdict.code.payment_account for verdict in verdicts if isinstance(verdict, Accepted)
    }
    assert len(accounts) == len(SAMPLE.codes) == 3


def test_the_best_round_of_each_counts() -> None:
    """A clock that moves a second at every look: each round takes one, for three codes."""
    ticks = count()
    done: list[None] = []
    found = measure_codes(
        SAMPLE, [PlainSm2()], 4, lambda: float(next(ticks)), lambda: done.append(None)
    )
    assert len(done) == 4
    (cost,) = found.costs
    assert (cost.name, cost.us, cost.known_us) == ("plain", 1e6 / 3, 1e6 / 3)
    assert found.two_signatures_us in (None, 1e6 / 3)
    assert next(ticks) == 4 * 2 * (2 + (found.two_signatures_us is not None))


def test_a_sample_that_is_not_accepted_is_not_timed() -> None:
    forged = Sample(SAMPLE.codes, replace(SAMPLE.trust, roots={}))
    with pytest.raises(ValueError, match="not accepted"):
        measure_codes(forged, [PlainSm2()], 1, lambda: 0.0, lambda: None)


@pytest.mark.parametrize("provider", ["plain", "libcrypto"])
def test_the_command_tells_figure_reference_and_ratio(
    provider: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if provider == "libcrypto" and sm2().name != "libcrypto":
        pytest.skip("there is no OpenSSL with SM2 on this machine")
    monkeypatch.setenv(VARIABLE, provider)
    assert run(["bench", "code", "--codes", "10", "--rounds", "1"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["bench"], told["unit"], told["codes"]) == ("code", "us/code", 10)
    assert told["computer"] == provider
    assert set(told["computers"]) == {provider, "plain"}
    chosen = told["computers"][provider]
    assert (chosen["us"], chosen["ratio"]) == (told["figure"], told["ratio"])
    assert chosen["known_us"] < chosen["us"]
    if told["reference"] is not None:
        assert told["ratio"] == pytest.approx(told["figure"] / told["reference"], rel=0.01)
