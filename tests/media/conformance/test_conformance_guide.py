"""The integrator's guide: its programs are complete, short, and the kit is content with each."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tongxing.media.card.readers.command import CommandLink, open_command
from tongxing.media.card.readers.tcp import TcpLink, open_tcp
from tongxing.media.conformance.card import CardUnderTest, parse_profile, run_card
from tongxing.media.conformance.card.running import ALL
from tongxing.media.conformance.code import CodeProgram, open_code_program, run_code
from tongxing.media.conformance.code.cases import CASES
from tongxing.media.conformance.results import Result

ROOT = Path(__file__).resolve().parents[3]
GUIDE = (ROOT / "docs/media/conformance.md").read_text(encoding="utf-8")
PROGRAMS = {
    text.partition("\n")[0].removeprefix("# "): text
    for text in re.findall(r"^```python\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    for name, text in PROGRAMS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def assert_content(results: list[Result], skipped: str) -> None:
    assert not [result for result in results if result.verdict == "fail"]
    assert {result.why for result in results if result.verdict == "skip"} == {skipped}
    assert sum(result.verdict == "pass" for result in results) > 5


def test_the_programs_are_short() -> None:
    assert sorted(PROGRAMS) == ["my_card.py", "my_issuer.py", "my_relay.py", "my_verifier.py"]
    assert all(text.count("\n") <= 24 for text in PROGRAMS.values())


def test_the_card_of_the_guide_passes(written: Path) -> None:
    link = open_command([sys.executable, str(written / "my_card.py")], answer_s=20)
    assert isinstance(link, CommandLink)
    with link:
        assert_content(list(run_card(link, CardUnderTest())), "no_random")


def test_the_relay_of_the_guide_passes(written: Path) -> None:
    program = [sys.executable, str(written / "my_relay.py")]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        link = open_tcp("127.0.0.1", int(running.stdout.readline()))
        assert isinstance(link, TcpLink)
        with link:
            assert_content(list(run_card(link, CardUnderTest())), "no_random")
    assert running.returncode == 0


@pytest.mark.parametrize("name", ["my_verifier.py", "my_issuer.py"])
def test_the_code_programs_of_the_guide_pass(name: str, written: Path) -> None:
    asked = open_code_program([sys.executable, str(written / name)], answer_s=20)
    assert isinstance(asked, CodeProgram)
    with asked:
        assert_content(list(run_code(asked)), "unable")


def test_the_profile_of_the_guide_is_the_usual_one() -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    found = parse_profile(text.encode())
    assert isinstance(found, CardUnderTest)
    assert set(found.masters) == {"DPK", "DLK", "DTK", "DAMK"}
    assert CardUnderTest(masters=found.masters) == found


def test_every_rule_is_in_the_guide() -> None:
    told = set(re.findall(r"^\| ([A-Z]\d+)(?:–C15)? \|", GUIDE, re.MULTILINE))
    told |= {f"C{number}" for number in range(16)}
    used = {case.rule for case in ALL} | {case.rule for case in CASES} | {"V1", "C16", "I1"}
    assert used == told
