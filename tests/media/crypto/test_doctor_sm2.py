"""`tongxing doctor` says who computes SM2 on this machine, and what to do when nobody signs."""

import pytest

from tongxing.cli import doctor
from tongxing.media.crypto import providers
from tongxing.media.crypto.providers import VARIABLE


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_names_the_chosen_provider_and_why(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TONGXING_LANG", language)
    finding = doctor._crypto()
    chosen = next(one for one in providers.providers() if one.chosen)
    assert chosen.name in finding.detail
    assert chosen.reason(language) in finding.detail
    assert finding.state == ("good" if chosen.signs else "lacking")


def test_a_machine_that_cannot_sign_runs_and_is_told_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    providers._sm2.cache_clear()
    providers._made.cache_clear()
    finding = doctor._crypto()
    providers._sm2.cache_clear()
    providers._made.cache_clear()
    assert (finding.name, finding.state) == ("crypto", "lacking")
    assert "OpenSSL" in finding.next_step


def test_a_wrong_setting_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "fastest")
    finding = doctor._crypto()
    assert finding.state == "bad"
    assert "fastest" in finding.detail


def test_a_wrong_sm4_is_bad_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "wrong_basics", lambda: ["SM4"])
    finding = doctor._crypto()
    assert finding.state == "bad"
    assert "SM4" in finding.detail
    assert finding.next_step
