"""`[entry]` of a gate: what is wrong with it is told where it stands, before a lane opens."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attester_server import ASKER_SECRET, Attester
from attester_server import attesting as attester_at
from entry_gate import NOON_S, POLICY, SPRING, gate_file
from lane_world import CITY, STATION, plan_of, refused_plan

from tongxing.cli import run
from tongxing.kernel.reasons import Refusal


@pytest.fixture
def attester(tmp_path: Path) -> Iterator[Attester]:
    with attester_at(SPRING, lambda: NOON_S, tmp_path / "tls") as found:
        yield found


@pytest.mark.req("R-110")
def test_an_entrance_without_a_manual_lane_is_told(
    attester: Attester, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = gate_file(tmp_path / "gate", attester)
    text = file.read_text(encoding="utf-8").replace('lane = "manual"', 'entrance = "B"')
    file.write_text(text, encoding="utf-8")
    refusal = refused_plan(file)
    assert refusal.code == "ENTRY_NO_MANUAL_LANE" and STATION in refusal.message("zh")
    assert str(file) in refusal.where
    for command in ("check-config", "run"):
        assert run(["gate", command, "--config", str(file), "--lang", "en"]) != 0
        assert "ENTRY_NO_MANUAL_LANE" in capsys.readouterr().err
    kept = f'manual_elsewhere = ["{STATION}", "B"]\n'
    file.write_text(text + kept, encoding="utf-8")
    assert not isinstance(plan_of(file), Refusal)
    file.write_text(text + kept.replace('"B"', '"C"'), encoding="utf-8")
    assert "manual_elsewhere" in refused_plan(file).message("en")


def test_a_trial_and_an_exit_need_no_manual_lane(attester: Attester, tmp_path: Path) -> None:
    file = gate_file(tmp_path / "gate", attester)
    text = file.read_text(encoding="utf-8").replace('lane = "manual"', "")
    file.write_text(text.replace('role = "entry"', 'role = "exit"'), encoding="utf-8")
    assert not isinstance(plan_of(file), Refusal)
    file.write_text(text, encoding="utf-8")
    assert refused_plan(file).code == "ENTRY_NO_MANUAL_LANE"
    spring = tmp_path / "gate" / "spring.toml"
    spring.write_text(POLICY.replace('"enforced"', '"informative"'), encoding="utf-8")
    assert not isinstance(plan_of(file), Refusal)


Spoilt = Callable[[Path], None]


@pytest.mark.parametrize(
    ("changed", "spoilt", "code"),
    [
        ({"provider": "http://127.0.0.1:1"}, None, "GATE_CONFIG_VALUE"),
        ({"provider": "https://user@host"}, None, "GATE_CONFIG_VALUE"),
        ({"provider": "https://[broken"}, None, "GATE_CONFIG_VALUE"),
        ({"provider": ""}, None, "GATE_CONFIG_UNKNOWN"),
        ({"asker": ""}, None, "GATE_CONFIG_MISSING"),
        ({"holders": ""}, None, "GATE_CONFIG_MISSING"),
        ({"attesters": ""}, None, "GATE_CONFIG_MISSING"),
        ({"ca": "keys/none.pem"}, None, "GATE_KEY_FILE"),
        ({}, lambda keys: (keys / "asking.key").chmod(0o644), "GATE_KEY_OPEN"),
        ({}, lambda keys: (keys / "asking.key").write_text("ab"), "GATE_KEY_UNFIT"),
        ({}, lambda keys: (keys / "holders.key").unlink(), "GATE_KEY_FILE"),
        ({}, lambda keys: (keys / "attesters.json").write_text("[1]"), "GATE_KEY_UNFIT"),
        ({}, lambda keys: (keys / "attesters.json").write_text('{"a": "00"}'), "GATE_KEY_UNFIT"),
        ({}, lambda keys: (keys.parent / "spring.toml").write_text("x = "), "GATE_CONFIG_VALUE"),
        ({}, lambda keys: (keys.parent / "spring.toml").unlink(), "GATE_KEY_FILE"),
    ],
)
def test_what_is_wrong_with_the_table_is_told(
    attester: Attester, tmp_path: Path, changed: dict[str, str], spoilt: Spoilt | None, code: str
) -> None:
    file = gate_file(tmp_path / "gate", attester, **changed)
    if spoilt is not None:
        spoilt(tmp_path / "gate" / "keys")
    refusal = refused_plan(file)
    assert refusal.code == code, refusal
    assert ASKER_SECRET.hex() not in repr(refusal)


def test_a_policy_of_another_city_in_a_file_is_refused(attester: Attester, tmp_path: Path) -> None:
    file = gate_file(tmp_path / "gate", attester)
    other = POLICY.replace(CITY, "110000")
    (tmp_path / "gate" / "spring.toml").write_text(other, encoding="utf-8")
    assert refused_plan(file).code == "GATE_CONFIG_VALUE"
