"""What x.py says: help in both languages, near words for a wrong one, old Pythons sent away."""

import subprocess
import sys
from pathlib import Path

import pytest
from door import words
from door.main import COMMANDS, main
from door.requirements import listed_requirements, marked_tests
from door.words import Trouble, choose_language

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _language_of_the_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "_chosen", "")
    monkeypatch.setattr("signal.signal", lambda *_: None)


@pytest.mark.parametrize(("language", "word"), [("zh", "用法"), ("en", "Usage")])
def test_help_names_every_command(
    language: str, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--lang", language, "--help"]) == 0
    shown = capsys.readouterr().out
    assert word in shown
    assert not [name for name in COMMANDS if f"  {name} " not in shown]


def test_without_a_command_help_is_shown_and_the_exit_code_says_usage() -> None:
    assert main([]) == 2


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["tset"], "Did you mean test?"),
        (["dmo"], "Did you mean demo?"),
        (["test", "--spark"], "--spark yes / --spark no"),
        (["check", "everything"], "Did you mean x.py check?"),
        (["lock", "--downgrade"], "Did you mean x.py lock?"),
    ],
)
def test_wrong_usage_is_one_line(
    arguments: list[str],
    hint: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("door.main.prepare", lambda: None)
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert told.startswith("error DOOR_USAGE: ")
    assert hint in told
    assert told.count("\n") == 1


def test_a_trouble_speaks_the_chosen_language() -> None:
    choose_language("zh")
    assert Trouble("VENV_MISSING", "python3", version="3.11").line() == (
        "错误 VENV_MISSING: 此 Python 不能建立虚拟环境 (python3) — "
        "安装 python3.11-venv（Debian/Ubuntu：apt install python3-venv）或 uv，然后重新运行"
    )


def test_a_browser_that_does_not_start_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("door.main.prepare", lambda: None)
    monkeypatch.setenv("CHROMIUM", "/no/such/browser")
    assert main(["test"]) == 3
    assert capsys.readouterr().err.startswith("error BROWSER_WRONG: ")


def test_x_py_keeps_to_what_every_python_3_can_read() -> None:
    source = (ROOT / "x.py").read_text(encoding="ascii")
    # A function's types stand in a comment there; `) ->` would be the newer way.
    source = source.replace("# type: () -> int", "")
    for newer in ('f"', "f'", ":=", "match ", ") ->"):
        assert newer not in source
    assert "sys.version_info < OLDEST_PYTHON" in source


def test_an_old_python_is_told_which_one_is_needed() -> None:
    script = "import sys; sys.version_info = (3, 10, 4, 'final', 0); import x; sys.exit(x.enter())"
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 3
    assert ended.stderr.startswith(
        "error PYTHON_TOO_OLD: Python 3.11 or newer is needed, this is 3.10.4"
    )
    assert ended.stderr.count("\n") == 1


def test_requirements_are_read_from_the_list() -> None:
    assert listed_requirements("# x\n- **R-001** One.\n- R-002 not so\n") == {"R-001": "One."}
    with pytest.raises(ValueError, match="R-001 stands twice"):
        listed_requirements("- **R-001** One.\n- **R-001** Again.\n")


def test_marks_are_found_wherever_pytest_finds_them(tmp_path: Path) -> None:
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "test_rides.py").write_text(
        "import pytest\n"
        "pytestmark = pytest.mark.req('R-001')\n"
        "@pytest.mark.req('R-002', 'R-003')\n"
        "def test_a(): pass\n"
        "@pytest.mark.req('R-002')\n"
        "class TestB:\n"
        "    @pytest.mark.req('R-004')\n"
        "    def test_c(self): pass\n"
        "@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.req('R-005'))])\n"
        "def test_d(x): pass\n"
        "other = req('R-006')\n"
    )
    assert marked_tests(tests) == {
        "R-001": ["tests/test_rides.py"],
        "R-002": ["tests/test_rides.py::test_a", "tests/test_rides.py::TestB"],
        "R-003": ["tests/test_rides.py::test_a"],
        "R-004": ["tests/test_rides.py::TestB::test_c"],
        "R-005": ["tests/test_rides.py::test_d"],
    }
