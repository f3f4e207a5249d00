"""`fares lint` on whole files: the tariffs of the project, any bytes at all, and the command."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tariff_mistakes import GOOD

from tongxing.cli import run
from tongxing.fares import book_codes
from tongxing.fares.publishing import lint
from tongxing.fares.publishing.linting import known_network
from tongxing.fares.tariff import read_book

DATA = Path(__file__).parents[2] / "src/tongxing/fares/data"
BUNDLED = {city: DATA / city / "tariff.toml" for city in book_codes()}

# A warning that is meant so, and why.
MEANT = {
    ("500000", "CQ-RAIL-2011"): "the list of 2011 goes to 10 yuan, the city capped it at 7",
}


@pytest.mark.parametrize("city", BUNDLED)
def test_the_bundled_tariffs_are_clean(city):
    found = lint(BUNDLED[city].read_bytes(), city)
    assert not [(one.refusal.where, one.refusal.message("en")) for one in found.errors]
    assert {(city, one.rule) for one in found.warnings} <= set(MEANT)


BROKEN = [
    b"", b"\xff\xfe", b"\xef\xbb\xbfcity = 1", b"rule = 7", b"rule = [1, 2]", b"[[rule]]\n" * 3,
    b"city = 1\n[rule]\nid = 2", b"[" * 5000, b"x = " + b"[" * 5000, b"x = " + b"9" * 5000,
    b'city = "620100"\r\nrule = [{kind = "flat", fare_fen = 0.5}]\r\n',
    b"a" + b".a" * 3000 + b" = 1",
    b'rule = [{kind = ["flat"]}]', b"[[rule]]\nkind = 2026-02-30",
]  # fmt: skip


@pytest.mark.parametrize("content", BROKEN, ids=range(len(BROKEN)))
def test_no_file_is_too_broken_to_be_told_so(content):
    found = lint(content, "t.toml")
    assert found.errors and found.book is None
    assert all(one.spot.line >= 1 and one.spot.column >= 1 for one in found.findings)


def test_columns_count_letters_and_inline_tables_are_pointed_into():
    text = 'city = "620100"\nrule = [{ note_zh = "票价说明", fare_fen = 0.5, kind = "flat" }]\n'
    spot = next(one.spot for one in lint(text.encode(), "t").errors if one.code == "TARIFF_MONEY")
    assert (spot.line, spot.column) == (2, text.splitlines()[1].index("0.5") + 1)


SEEDS = [GOOD.encode(), BUNDLED["110000"].read_bytes(), BUNDLED["330200"].read_bytes()]
PIECES = [
    b"0", b"-1", b"0.9", b'""', b"[]", b"true", b"2026-01-01", b"7:", b"\n", b'"', b"[[rule]]",
    b"=", b"99999999999999999999", b"\xe7", b"1926-01-01", b"9999-12-31", b"systems", b"{}",
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_mutation_crashes_the_linter_or_passes_what_pricing_refuses(data):
    content = data.draw(st.sampled_from(SEEDS))
    for _ in range(data.draw(st.integers(1, 3))):
        lines = content.split(b"\n")
        index = data.draw(st.integers(0, len(lines) - 1))
        how = data.draw(st.sampled_from(["drop", "double", "swap", "value", "bytes"]))
        if how == "drop":
            del lines[index]
        elif how == "double":
            lines.insert(index, lines[data.draw(st.integers(0, len(lines) - 1))])
        elif how == "swap":
            other = data.draw(st.integers(0, len(lines) - 1))
            lines[index], lines[other] = lines[other], lines[index]
        elif how == "value":
            key = lines[index].partition(b"=")[0]
            lines[index] = key + b"= " + data.draw(st.sampled_from(PIECES))
        else:
            place = data.draw(st.integers(0, len(lines[index])))
            end = place + data.draw(st.integers(0, 3))
            new = data.draw(st.sampled_from(PIECES))
            lines[index] = lines[index][:place] + new + lines[index][end:]
        content = b"\n".join(lines)
    found = lint(content, "t.toml")
    for one in found.findings:
        assert one.refusal.message("zh") and one.refusal.next_step("en")
    if not found.errors:
        assert read_book(content) == found.book


def test_whatever_pricing_refuses_the_linter_refuses(monkeypatch):
    """The last net: a fault that no check knows still keeps a file from passing."""
    for name in ("check_overlaps", "check_figures"):
        monkeypatch.setattr(f"tongxing.fares.publishing.linting.{name}", lambda *_: None)
    text = GOOD.replace("until = 2025-12-31", "until = 2026-03-31")
    (one,) = lint(text.encode(), "t.toml").errors
    assert one.code == "TARIFF_UNREADABLE" and "M-2" in one.refusal.message("en")


# --- the command ----------------------------------------------------------------------------------


def test_the_command_prints_place_code_sentence_and_remedy(tmp_path, capsys):
    file = tmp_path / "t.toml"
    file.write_text(GOOD.replace("rate_bp = 9000", "rate_bp = 0.9", 1), encoding="utf-8")
    line = GOOD[: GOOD.index("rate_bp = 9000")].count("\n") + 1
    assert run(["fares", "lint", str(file), "--lang", "en"]) == 1
    out = capsys.readouterr().out
    assert f"{file}:{line}:11: error TARIFF_DISCOUNT [CARD]: rate_bp is written 0.9" in out
    assert "→ Write rate_bp = 9000" in out and "1 files: 1 errors, 0 warnings" in out
    assert run(["fares", "lint", str(file), "--lang", "zh"]) == 1
    assert "错误 TARIFF_DISCOUNT" in capsys.readouterr().out


def test_several_files_and_json(tmp_path, capsys):
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(GOOD, encoding="utf-8")
    bad.write_text("city = ", encoding="utf-8")
    assert run(["fares", "lint", str(good)]) == 0
    capsys.readouterr()
    assert run(["fares", "lint", str(good), str(bad), "--json"]) == 1
    first, second = json.loads(capsys.readouterr().out)
    assert (first["errors"], first["findings"]) == (0, [])
    (finding,) = second["findings"]
    assert (finding["code"], finding["severity"]) == ("TARIFF_TOML", "error")
    assert (finding["line"], finding["column"]) == (1, 8)


def test_a_city_without_a_network_is_asked_only_what_the_tariff_says():
    assert known_network("620100") is None and known_network("500000") is not None
