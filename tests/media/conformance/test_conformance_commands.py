"""`tongxing conformance`: a line for each case, the sum, and an exit code a build can rely on."""

import json
import sys
from pathlib import Path

import pytest
from faulty_cards import our_card

from tongxing.cli import run
from tongxing.media.card.chip import FileStore
from tongxing.media.card.readers.relay import serve_card

FAULTY = """
import sys
sys.path[:0] = [{helpers!r}, {helpers!r} + "/.."]
from faulty_cards import FaultyCard, swapped_proof
card = FaultyCard(swapped_proof)
for line in sys.stdin:
    line = line.strip()
    print(card.reset() or "ok" if line == "reset" else card.transmit(bytes.fromhex(line)).hex(),
          flush=True)
"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "card"
    FileStore(path).commit(our_card().image)
    return path


@pytest.fixture
def faulty(tmp_path: Path) -> str:
    """The command line of a program with a faulty card."""
    path = tmp_path / "faulty.py"
    path.write_text(FAULTY.format(helpers=str(Path(__file__).resolve().parent)))
    return f"{sys.executable} {path}"


def test_our_own_card_passes_with_the_vectors_and_its_file_stays(
    image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = image.read_bytes()
    assert run(["conformance", "card", "--image", str(image)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"{len(lines) - 1} passed, 0 failed, 0 skipped"
    assert "vector-exit-sm4" in lines[-2]
    assert image.read_bytes() == before


def test_a_card_over_tcp_is_chosen_cases_only(capsys: pytest.CaptureFixture[str]) -> None:
    with serve_card(our_card()) as server:
        address = ":".join(map(str, server.address))
        command = ["conformance", "card", "--tcp", address, "--only", "load:", "--json"]
        assert run(command) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["pass"], told["fail"], told["skip"]) == (2, 0, 0)
    assert [case["rule"] for case in told["cases"]] == ["L1", "L1"]


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("FAIL", "a proof answers MAC2", "expected")), ("zh", ("不符", "证明应答", "应为"))],
)
def test_a_faulty_card_fails_and_says_what_differed(
    language: str, words: tuple[str, ...], faulty: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--lang", language, "conformance", "card", "--command", faulty]
    assert run([*command, "--only", "a-purchase-is-proven"]) == 1
    told = capsys.readouterr().out
    assert all(word in told for word in words)


def test_when_nothing_could_be_tried_that_is_no_success(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serve_card(our_card()) as server:
        address = ":".join(map(str, server.address))
        assert run(["conformance", "card", "--tcp", address, "--only", "vector"]) == 1
    assert "0 passed, 0 failed, 7 skipped" in capsys.readouterr().out


def test_our_own_codes_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["conformance", "code", "--builtin"]) == 0
    assert " passed, 0 failed, 0 skipped" in capsys.readouterr().out


def test_a_faulty_verifier_fails(capsys: pytest.CaptureFixture[str]) -> None:
    program = "import sys\nfor line in sys.stdin: print('{\"accepted\": true}', flush=True)"
    command = f'{sys.executable} -c "{program}"'.replace('{"accepted": true}', "{}")
    assert run(["conformance", "code", "--command", command, "--only", "a-day-old"]) == 1
    assert "the answer has no verdict" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "name"),
    [
        (["card"], 2, "USAGE"),
        (["card", "--tcp", "127.0.0.1:9", "--command", "x"], 2, "USAGE"),
        (["card", "--tcp", "127.0.0.1:9"], 6, "RELAY_UNREACHABLE"),
        (["card", "--tcp", "nowhere"], 2, "READER_ADDRESS"),
        (["card", "--command", "/no/such/card"], 3, "COMMAND_NOT_STARTED"),
        (["card", "--tcp", "127.0.0.1:9", "--only", "zzz"], 2, "CONFORMANCE_NO_CASE"),
        (
            ["card", "--tcp", "127.0.0.1:9", "--only", "load", "--only", "zzz"],
            2,
            "CONFORMANCE_NO_CASE: There is no case whose name begins with zzz and",
        ),
        (["code", "--builtin", "--only", "nothing", "--only", "C99"], 2, "CONFORMANCE_NO_CASE"),
        (["code"], 2, "USAGE"),
        (["code", "--builtin", "--command", "x"], 2, "USAGE"),
        (["code", "--command", "/no/such/verifier"], 3, "COMMAND_NOT_STARTED"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_what_cannot_be_tried_is_said_in_one_line(
    arguments: list[str], code: int, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["conformance", *arguments]) == code
    assert capsys.readouterr().err.startswith(f"error {name}")


def test_a_rule_chooses_its_cases_and_the_list_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["conformance", "card", "--list", "--only", "F1"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert len(told) > 1 and all(line.startswith("F1   ") for line in told)
    assert run(["conformance", "code", "--builtin", "--only", "C10", "--json"]) == 0
    assert {case["rule"] for case in json.loads(capsys.readouterr().out)["cases"]} == {"C10"}


@pytest.mark.parametrize(
    ("language", "program", "said"),
    [
        ("en", "import sys; sys.exit(2)", "the program ended (exit status 2)"),
        ("zh", "import sys; sys.exit(2)", "程序已结束（退出码 2）"),
        ("en", "print('my card v1.0 starting'); input(); input()",
         "answered 'my card v1.0 starting' to reset, which is not ok"),
        ("en", "input(); print('ok'); print('my card'); input(); input()",
         "answered 'my card', which is not hex"),
        ("en", "import time; time.sleep(60)", "no answer in 5 s"),
    ],
)  # fmt: skip
def test_a_program_that_fails_ends_the_run_and_is_told_why(
    language: str, program: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.py").write_text(program)
    command = f"{sys.executable} -u {tmp_path / 'bad.py'}"
    assert run(["--lang", language, "conformance", "card", "--command", command]) == 1
    told = capsys.readouterr().out
    assert told.count(said) == 1
    assert told.count("FAIL") + told.count("不符") == 1


def test_cases_are_listed_without_a_card(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["conformance", "card", "--list"]) == 0
    assert run(["conformance", "code", "--list", "--json"]) == 0
    told = capsys.readouterr().out
    assert "an-error-drops-the-records:sm4-41" in told and "any-bit-turned" in told


def test_a_wrong_profile_names_its_file(
    image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p.toml").write_text("indexes = 1")
    command = ["conformance", "card", "--image", str(image), "--profile", str(tmp_path / "p.toml")]
    assert run(command) == 3
    assert "CONFORMANCE_PROFILE" in capsys.readouterr().err
