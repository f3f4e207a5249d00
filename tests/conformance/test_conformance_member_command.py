"""`tongxing conformance member` against systems with a fault: what it says, in both languages."""

import re
from pathlib import Path
from typing import Any

import pytest
from member_bench import port_of
from stranger_member import StrangerMember

import tongxing.conformance.member
from tongxing.cli import run
from tongxing.cli.conformance.kit_telling import WORDS

FOLDER = Path(tongxing.conformance.member.__file__).parent
ONLY = ("--only", "files-one-after-the-other")


class Miscounting(StrangerMember):
    """Believes that it charged a fen more than its files say."""

    def rides(self, told: dict[str, Any]) -> dict[str, Any]:
        found = super().rides(told)
        return found | {"sum_fen": found["sum_fen"] + 1}


class Misbooking(StrangerMember):
    """Its books have a fen more from the hub than the hub owes."""

    def books(self, told: Any) -> dict[str, Any]:
        found = super().books(told)
        due = [one | {"due_fen": one["due_fen"] + 1} for one in found["due"]]
        return found | {"due": due}


@pytest.mark.parametrize(
    ("system", "language", "said"),
    [
        (Miscounting, "en", "not everything was booked\n        expected 601 fen"),
        (Miscounting, "zh", "没有全部入账"),
        (Misbooking, "en", "the books have another sum with the hub"),
        (Misbooking, "zh", "账簿上与清分中心的往来不对"),
    ],
)
def test_a_fault_is_told_in_words_with_what_was_found_and_the_sum_follows(
    system: type[StrangerMember], language: str, said: str, tmp_path: Path, capsys: Any
) -> None:
    report = tmp_path / "report.json"
    with port_of(system()) as address:
        line = ["conformance", "member", "--at", address, "--lang", language, *ONLY]
        assert run([*line, "--report", str(report)]) == 1
    told = capsys.readouterr().out
    assert said in told
    for words in {"en": ("found", "1 failed"), "zh": ("实为", "失败 1")}[language]:
        assert words in told
    assert '"conforms": false' in report.read_text(encoding="utf-8")


def test_whatever_can_differ_has_its_words() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.py")))
    named = re.findall(r'Differs\(\s*"([a-z_]+)"|rounds\([^"]*?"([a-z_]+)"', text)
    blamed = re.findall(r'blame\(\s*"([a-z_0-9]+)"', text)
    keys = {one or two for one, two in named} | {f"sent.{what}" for what in blamed}
    assert {"not_booked", "due", "nobody_told", "sent.nonce"} <= keys
    assert [key for key in sorted(keys) if not WORDS.find(f"member.what.{key}")] == []
