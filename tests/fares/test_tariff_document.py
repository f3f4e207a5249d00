"""docs/tariffs.md: every example is read and linted, every key is told, every code is there."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

from tongxing.fares.publishing import lint
from tongxing.fares.publishing.shape import rule_shapes
from tongxing.fares.tariff import read_book
from tongxing.kernel.clock import at
from tongxing.kernel.money import yuan

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/tariffs.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
HEAD, *RULES, NEW_CITY = BLOCKS


def test_every_kind_of_rule_has_an_example_and_all_of_them_make_one_clean_tariff():
    kinds = [rule["kind"] for block in RULES for rule in tomllib.loads(block)["rule"]]
    assert set(kinds) == set(rule_shapes())
    found = lint((HEAD + "\n".join(RULES)).encode(), "examples.toml")
    assert [one.refusal.message("en") for one in found.findings] == []
    assert found.book is not None and len(found.book.rules) == len(kinds)


@pytest.mark.parametrize("kind", rule_shapes())
def test_every_key_of_a_kind_is_in_its_example_or_in_the_table_of_common_ones(kind):
    written = [rule for block in RULES for rule in tomllib.loads(block)["rule"]]
    shown = {key for rule in written if rule["kind"] == kind for key in rule}
    common = {name for row in re.findall(r"^\| (`.*?) \|", TEXT, re.M) for name in row.split("`")}
    assert {one.encode_name for one in rule_shapes()[kind].fields} <= shown | common


def test_the_new_city_is_clean_and_costs_what_its_description_says():
    found = lint(NEW_CITY.encode(), "new.toml")
    assert found.findings == ()
    book = read_book(NEW_CITY.encode())
    rows = re.findall(r"^\| (metro|bus) \| (\d+) \| (\S+) \| (\S+) \|$", TEXT, re.M)
    assert len(rows) == 7
    for system, metres, day, fare in rows:
        tariff = book.at(at(date.fromisoformat(day)))
        assert yuan(tariff.base(system).fare(int(metres))) == fare, (system, metres, day)
    assert book.at(at(date(2027, 4, 30))).base("metro") is None


def test_every_code_of_the_linter_is_in_the_table():
    source = ROOT / "src/tongxing/fares/publishing"
    said = {
        code
        for file in source.glob("*.py")
        if file.name not in ("register.py", "effective.py")
        for code in re.findall(r'"((?:TARIFF|OPERATOR)_[A-Z_]+)"', file.read_text("utf-8"))
    }
    told = set(re.findall(r"\b[A-Z]+_[A-Z_]+\b", TEXT))
    assert len(said) > 25 and said <= told
