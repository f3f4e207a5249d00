"""A gate's configuration: what is wrong is told with its line, and nothing is guessed."""

import json
import os
from pathlib import Path

import pytest
from lane_world import LANE, SEED, SITE, plan_of, refused_plan, validator, write_gate

from tongxing.cli import run
from tongxing.gate.running import Plan
from tongxing.kernel.reasons import Refusal

SIMULATED = '{ kind = "simulated", port = 0 }'


def refused(folder: Path, *validators: str, top: str = "") -> Refusal:
    return refused_plan(write_gate(folder, *validators, top=top))


def spot(refusal: Refusal) -> tuple[int, int]:
    _, line, column = refusal.where.rsplit(":", 2)
    return int(line), int(column)


def line_of(file: Path, text: str) -> int:
    lines = file.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


def test_a_good_configuration_gives_its_terminals(tmp_path: Path) -> None:
    plan = plan_of(write_gate(tmp_path, validator(SIMULATED)))
    assert isinstance(plan, Plan)
    facts = plan.validators[LANE]
    assert (facts.role, facts.station, facts.mode) == ("entry", "xiaoshizi", "rail")
    assert plan.key.sender == SITE


def test_a_lane_of_both_ways_is_two_terminals(tmp_path: Path) -> None:
    sides = (
        '{ kind = "simulated", port = 0, side = "entry" },'
        ' { kind = "simulated", port = 0, side = "exit" }'
    )
    plan = plan_of(write_gate(tmp_path, validator(sides, role="both")))
    assert isinstance(plan, Plan)
    assert {name: facts.role for name, facts in plan.validators.items()} == {
        f"{LANE}-entry": "entry",
        f"{LANE}-exit": "exit",
    }


BUS = {"device": "bus", "role": "both", "line": "bus-1", "station": "babaoshan-stop"}


def on_a_beijing_bus(folder: Path, readers: str) -> Path:
    lane = validator(readers, **BUS, more='vehicle = "B7"')
    file = write_gate(folder, lane)
    text = file.read_text(encoding="utf-8").replace('city = "500000"', 'city = "110000"')
    file.write_text(text, encoding="utf-8")
    return file


def test_a_bus_whose_readers_say_no_side_has_one_head(tmp_path: Path) -> None:
    plan = plan_of(on_a_beijing_bus(tmp_path, f"{SIMULATED}, {SIMULATED}"))
    assert isinstance(plan, Plan), plan
    [facts] = plan.validators.values()
    assert (facts.terminal_id, facts.role, facts.one_head) == (LANE, "board", True)


def test_a_bus_with_two_heads_says_a_side_for_each(tmp_path: Path) -> None:
    sided = SIMULATED.replace("}", ', side = "{}" }')
    both = ", ".join(sided.replace("{}", side) for side in ("board", "alight"))
    plan = plan_of(on_a_beijing_bus(tmp_path / "two", both))
    assert isinstance(plan, Plan), plan
    assert {(one.role, one.one_head) for one in plan.validators.values()} == {
        ("board", False),
        ("alight", False),
    }
    one_of_two = f"{sided.replace('{}', 'board')}, {SIMULATED}"
    assert refused_plan(on_a_beijing_bus(tmp_path / "half", one_of_two)).code == "GATE_SIDE"


def test_a_lane_of_a_station_always_says_its_sides(tmp_path: Path) -> None:
    assert refused(tmp_path, validator(SIMULATED, role="both")).code == "GATE_SIDE"


@pytest.mark.parametrize(
    ("text", "code", "marks"),
    [
        ("[site\n", "GATE_CONFIG_SYNTAX", "[site"),
        ('[site]\nname = "S"\ncity = "500000"\nlanguag = "zh"\n', "GATE_CONFIG_UNKNOWN", "languag"),
        ('[site]\nname = "S"\n', "GATE_CONFIG_MISSING", "[site]"),
        ('[site]\nname = "S"\ncity = 500000\n', "GATE_CONFIG_VALUE", "city"),
        ('[site]\nname = "S"\ncity = "chongqing"\n', "GATE_CONFIG_VALUE", "city"),
        ('[site]\nname = "a b"\ncity = "500000"\n', "GATE_CONFIG_VALUE", "name"),
    ],
)
def test_a_mistake_in_the_form_is_told_with_its_line(
    tmp_path: Path, text: str, code: str, marks: str
) -> None:
    file = tmp_path / "gate.toml"
    file.write_text("# a gate\n\n" + text, encoding="utf-8")
    refusal = refused_plan(file)
    assert refusal.code == code
    assert abs(spot(refusal)[0] - line_of(file, marks)) <= (1 if code.endswith("SYNTAX") else 0)


@pytest.mark.parametrize(
    ("lane", "code", "marks"),
    [
        (validator(SIMULATED, line="rail-99"), "GATE_PLACE_UNKNOWN", "rail-99"),
        (validator(SIMULATED, station="atlantis"), "GATE_PLACE_UNKNOWN", "atlantis"),
        (validator(SIMULATED, role="board"), "GATE_ROLE", '"board"'),
        (validator(SIMULATED, role="ride"), "GATE_ROLE_PAIR", '"ride"'),
        (validator(SIMULATED, device="bus", role="board"), "GATE_CONFIG_MISSING", "validator"),
        (validator(SIMULATED, more='vehicle = "B7"'), "GATE_CONFIG_UNKNOWN", "B7"),
        (validator(SIMULATED, role="both"), "GATE_SIDE", "simulated"),
        (validator('{ kind = "simulated", port = 0, side = "exit" }'), "GATE_SIDE", "simulated"),
        (validator('{ kind = "scanner_tcp", address = "here" }'), "READER_ADDRESS", "here"),
        (validator('{ kind = "scanner_tcp", port = 1 }'), "GATE_CONFIG_UNKNOWN", "scanner_tcp"),
        (validator('{ kind = "telepathy" }'), "GATE_CONFIG_VALUE", "telepathy"),
        (validator(""), "GATE_CONFIG_VALUE", "readers"),
        (
            validator(SIMULATED, device="handheld", more='relay = { kind = "file", path = "x" }'),
            "GATE_NO_DOOR",
            "relay",
        ),
        (
            validator('{ kind = "simulated", port = 7001 }, { kind = "simulated", port = 7001 }'),
            "GATE_TWICE",
            "7001",
        ),
        (
            validator(SIMULATED, more='relay = { kind = "tcp", address = "x", pulse_ms = 5 }'),
            "GATE_CONFIG_VALUE",
            "pulse_ms",
        ),
        (validator(SIMULATED) + validator(SIMULATED), "GATE_TWICE", ""),
    ],
)
def test_a_mistake_about_a_validator_is_told_with_its_line(
    tmp_path: Path, lane: str, code: str, marks: str
) -> None:
    file = write_gate(tmp_path, lane)
    refusal = refused_plan(file)
    assert refusal.code == code
    if marks:
        assert spot(refusal)[0] == line_of(file, marks)


def test_keys_must_lie_where_they_should(tmp_path: Path) -> None:
    file = write_gate(tmp_path, validator(SIMULATED))
    key = tmp_path / "keys" / "site.key"
    key.chmod(0o644)
    open_to_all = refused_plan(file)
    assert open_to_all.code == "GATE_KEY_OPEN" and spot(open_to_all)[0] == line_of(file, "site.key")
    key.chmod(0o600)
    key.write_text("not hex")
    assert refused_plan(file).code == "GATE_KEY_UNFIT"
    key.unlink()
    assert refused_plan(file).code == "GATE_KEY_FILE"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("city.json", b"{}", "GATE_KEY_UNFIT"),
        ("city.json", b'{"X": "00"}', "GATE_KEY_UNFIT"),
        ("roots.json", b'{"1": "00"}', "CODE_ROOTS"),
        ("code-issuers.json", b'{"01016900": {"scheme": 1, "city": 2}}', "GATE_KEY_UNFIT"),
        ("code-issuers.json", b"[" * 5_000, "GATE_KEY_UNFIT"),
        ("card-issuers.json", b'{"01": ["310492"]}', "GATE_KEY_UNFIT"),
        ("cards.vault", b"nothing", "KEYVAULT_FILE"),
        ("cards.passphrase", b"another passphrase altogether", "KEYVAULT_PASSPHRASE"),
    ],
)
def test_files_of_keys_are_read_strictly(
    tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    file = write_gate(tmp_path, validator(SIMULATED))
    (tmp_path / "keys" / name).write_bytes(content)
    assert refused_plan(file).code == code


def test_a_reader_asks_for_its_keys(tmp_path: Path) -> None:
    file = write_gate(tmp_path, validator('{ kind = "card_pcsc" }'))
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('cards = "keys/cards.vault"\n', ""), encoding="utf-8")
    refusal = refused_plan(file)
    assert (refusal.code, refusal.values["name"]) == ("GATE_CONFIG_MISSING", "keys.cards")


def test_the_example_runs_against_the_demos_keys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    assert run(["gate", "init", str(tmp_path / "gate"), "--home", str(home)]) == 5
    assert "GATE_INIT_NO_RUN" in capsys.readouterr().err
    (home / "simulation.json").write_text(f'{{"seed": {SEED}}}')
    for language in ("zh", "en"):
        folder = tmp_path / language
        options = ["--home", str(home), "--lang", language]
        assert run(["gate", "init", str(folder), *options, "--city", "500000"]) == 0
        config = str(folder / "gate.toml")
        capsys.readouterr()
        assert run(["gate", "check-config", "--config", config, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["terminals"][0]["role"] == "entry"
        assert os.stat(folder / "keys" / "site.key").st_mode & 0o077 == 0
        assert run(["gate", "init", str(folder), *options]) == 5
        assert run(["gate", "init", str(tmp_path / "no"), *options, "--city", "999999"]) == 3
        assert run(["gate", "init", str(tmp_path / "no"), *options, "--station", "x"]) == 3
    monkeypatch.setenv("TONGXING_LANG", "en")
    assert run(["gate", "status", "--config", config]) == 5
    assert "GATE_NEVER_RAN" in capsys.readouterr().err
