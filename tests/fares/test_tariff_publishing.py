"""Publishing a tariff: only days to come may change, and what is published stays."""

import json
from datetime import date
from pathlib import Path

import pytest
from tariff_desk import CITY, START, bus_from, opened, put
from tariff_mistakes import GOOD, RULE

from tongxing.cli import run
from tongxing.fares import book_codes, load_book
from tongxing.fares.publishing import (
    Published,
    Wish,
    publish,
    published_book,
    read_register,
    verify,
)
from tongxing.fares.publishing.effective import earliest_day, first_change
from tongxing.fares.tariff import read_book
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal

# now                 first day changed   said to hold from   emergency   outcome
DATES = """
2026-05-10 12:00      2026-05-12          -                   -           taken
2026-05-10 12:00      2026-05-11          -                   -           soon
2026-05-10 00:00      2026-05-11          -                   -           taken
2026-05-10 00:01      2026-05-11          -                   -           soon
2026-05-10 12:00      2026-05-10          -                   -           past
2026-05-10 12:00      2026-05-09          -                   -           past
2026-05-10 12:00      2025-01-01          2026-06-01          -           past
2026-05-10 12:00      2026-05-11          -                   甲+乙       taken
2026-05-10 12:00      2026-05-10          -                   甲+乙       past
2026-05-10 12:00      2026-05-09          -                   甲+乙       past
2026-05-10 12:00      2026-05-12          2026-05-12          -           taken
2026-05-10 12:00      2026-05-12          2026-05-13          -           promise
2026-05-10 12:00      2026-05-13          2026-05-12          -           not_then
2026-05-10 12:00      2026-05-11          -                   甲+甲       TARIFF_EMERGENCY
2026-05-10 12:00      2026-05-11          -                   甲          TARIFF_EMERGENCY
2026-05-10 12:00      2026-05-11          -                   Li+ＬＩ     TARIFF_EMERGENCY
"""


@pytest.mark.req("R-400")
@pytest.mark.parametrize("row", DATES.strip().splitlines())
def test_only_days_to_come_may_change(tmp_path, row):
    """B90: in the past never, within 24 hours only when two people call it an emergency."""
    day, clock, first, effective, people, outcome = row.split()
    now_s = at(date.fromisoformat(day)) + int(clock[:2]) * 3600 + int(clock[3:]) * 60
    register = opened(tmp_path)
    more: dict[str, object] = {}
    if effective != "-":
        more["effective"] = date.fromisoformat(effective)
    if people != "-":
        by, _, second = people.partition("+")
        more |= {"emergency": "flood", "by": by, "second": second}
    done = put(register, bus_from(first, 150), now_s, **more)
    if outcome == "taken":
        assert isinstance(done, Published) and done.is_new
        assert done.publication.from_day == date.fromisoformat(first)
        assert len(verify(register).publications) == 2
        return
    assert isinstance(done, Refusal)
    if outcome.startswith("TARIFF"):
        assert done.code == outcome
    else:
        assert done.code == "TARIFF_EFFECTIVE_DATE" and done.values["day"].isoformat() == first
        word = {"past": "begun or past", "soon": "24 hours", "promise": "yet changes the fares",
                "not_then": "changes no fare before"}[outcome]  # fmt: skip
        assert word in done.message("en") and "{" not in done.message("zh") + done.next_step("zh")
    assert len(verify(register).publications) == 1, "a refusal leaves nothing behind"


def test_the_earliest_day_begins_24_hours_ahead():
    noon = at(date(2026, 5, 10), 12)
    assert earliest_day(noon, emergency=False) == date(2026, 5, 12)
    assert earliest_day(noon, emergency=True) == date(2026, 5, 11)
    assert earliest_day(at(date(2026, 5, 10)), emergency=True) == date(2026, 5, 11)


def test_the_first_day_that_differs_is_found_by_what_rules_say_not_by_their_dates():
    good = read_book(GOOD.encode())
    later = first_change(good, read_book(bus_from("2027-03-01", 150).encode()))
    assert later is not None and later.day == date(2027, 3, 1)
    assert (later.begins, later.ends) == (("BUS-2027-03-01-150",), ("BUS",))
    words = GOOD.replace('name_en = "Lanzhou"', 'name_en = "Lanzhou City"')
    words = words.replace(
        'sources = ["none"]', 'sources = ["general"]\nnote_zh = "注"\nnote_en = "n"'
    )
    assert first_change(good, read_book(words.encode())) is None
    swapped = GOOD.replace('id = "CARD"', 'id = "CARD-X"')
    assert first_change(good, read_book(swapped.encode())).day == date(2024, 1, 1)
    assert first_change(None, good).day == date(2024, 1, 1)


def test_a_rule_of_another_time_that_is_dropped_changes_its_own_days(tmp_path):
    register = opened(tmp_path)
    gone = GOOD.replace(
        GOOD[GOOD.index('[[rule]]\nid = "M-1"') : GOOD.index('[[rule]]\nid = "M-2"')], ""
    )
    done = put(register, gone, at(date(2026, 5, 10)))  # fmt: skip
    assert isinstance(done, Refusal) and done.values["day"] == date(2024, 1, 1)


def test_the_book_the_project_comes_with_is_where_a_register_begins(tmp_path):
    content = (
        Path(__file__).parents[2] / "src/tongxing/fares/data/310000/tariff.toml"
    ).read_bytes()
    wish = Wish(content, "t.toml", "310000", at(date(2026, 5, 10)))
    done = publish(tmp_path, wish)
    assert isinstance(done, Published) and done.publication.from_day is None
    past = content.replace(b"fares_fen = [300, 400]", b"fares_fen = [300, 500]")
    past = past if past != content else content.replace(b"fare_fen = ", b"fare_fen = 1", 1)
    assert past != content
    refused = publish(tmp_path, Wish(past, "t.toml", "310000", at(date(2026, 5, 10))))
    assert isinstance(refused, Refusal) and refused.code == "TARIFF_EFFECTIVE_DATE"


def test_a_new_city_begins_in_the_future(tmp_path):
    done = put(tmp_path, GOOD, at(date(2026, 5, 10)))
    assert isinstance(done, Refusal) and done.code == "TARIFF_EFFECTIVE_DATE"
    assert "--opening" in done.message("en") and "--opening" in done.message("zh")
    assert read_register(tmp_path) == ()


# --- a city whose fares are already in force ------------------------------------------------------

NOW = at(date(2026, 5, 10), 12)


def test_a_city_with_fares_in_force_opens_its_register_with_them_once(tmp_path):
    first = put(tmp_path, GOOD, NOW, opening=True, by="甲")
    assert isinstance(first, Published) and first.is_new
    assert first.publication.from_day == date(2024, 1, 1)
    (line,) = (tmp_path / "register.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["opening"] is True
    (tmp_path / "register.jsonl").write_text(line.replace('"opening":true,', "") + "\n", "utf-8")
    assert verify(tmp_path).faults, "that it was an opening is part of the chain"
    (tmp_path / "register.jsonl").write_text(line + "\n", "utf-8")
    again = put(tmp_path, GOOD, NOW + 60, opening=True)
    assert isinstance(again, Published) and not again.is_new
    other = put(tmp_path, bus_from("2026-05-01", 150), NOW + 60, opening=True)
    assert isinstance(other, Refusal) and other.code == "TARIFF_OPENING"
    assert "number 1" in other.message("en")
    past = put(tmp_path, bus_from("2026-05-01", 150), NOW + 60)
    assert isinstance(past, Refusal) and past.code == "TARIFF_EFFECTIVE_DATE"
    later = put(tmp_path, bus_from("2026-06-01", 150), NOW + 60)
    assert isinstance(later, Published)
    *_, second = (tmp_path / "register.jsonl").read_text(encoding="utf-8").splitlines()
    assert "opening" not in json.loads(second), "lines of before there were openings stay valid"
    assert not verify(tmp_path).faults


OPENINGS = [
    (GOOD, at(date(2023, 12, 31), 23), {}, "in force yet"),
    (GOOD, NOW, {"emergency": "x", "by": "甲", "second": "乙"}, "no emergency"),
    (GOOD, NOW, {"effective": date(2024, 2, 1)}, "from 2024-01-01"),
]


@pytest.mark.parametrize(("text", "now_s", "more", "why"), OPENINGS)
def test_what_is_no_opening(tmp_path, text, now_s, more, why):
    done = put(tmp_path, text, now_s, opening=True, **more)
    assert isinstance(done, Refusal) and done.code == "TARIFF_OPENING"
    assert why in done.message("en") and "{" not in done.message("zh") + done.next_step("zh")
    assert read_register(tmp_path) == ()


def test_a_city_of_the_project_opens_with_the_file_it_has(tmp_path):
    content = (
        Path(__file__).parents[2] / "src/tongxing/fares/data/310000/tariff.toml"
    ).read_bytes()
    wish = Wish(content, "t.toml", "310000", NOW, opening=True)
    done = publish(tmp_path, wish)
    assert isinstance(done, Refusal) and "comes with the project" in done.message("en")
    plain = publish(tmp_path, Wish(content, "t.toml", "310000", NOW))
    assert isinstance(plain, Published) and plain.publication.from_day is None
    repeated = publish(tmp_path, wish)
    assert isinstance(repeated, Refusal) and "number 1" in repeated.message("en")


def test_each_city_opens_for_itself(tmp_path):
    assert isinstance(put(tmp_path, GOOD, NOW, opening=True), Published)
    other = GOOD.replace('"620100"', '"620200"')
    done = publish(tmp_path, Wish(other.encode(), "t.toml", "620200", NOW + 1, opening=True))
    assert isinstance(done, Published) and done.publication.number == 2
    assert not verify(tmp_path).faults


def test_the_command_opens_and_shows_that_it_did(tmp_path, capsys):
    call, register = desk(tmp_path, GOOD)
    assert run([*call, "--now", "2026-05-10 12:00", "--lang", "en"]) == 5
    capsys.readouterr()
    assert run([*call, "--opening", "--now", "2026-05-10 12:00", "--lang", "en"]) == 0
    assert "an opening: its fares, from 2024-01-01 on" in capsys.readouterr().out
    check = ["fares", "publish", "--verify", "--register", str(register), "--lang", "zh"]
    assert run(check) == 0
    assert "首次登记" in capsys.readouterr().out
    assert run([*check, "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["publications"]
    assert told["opening"] is True
    assert run([*check, "--head", told["digest"][:8]]) == 0
    assert run([*check, "--head", told["digest"][:7]]) == 2
    assert "ARG_INVALID" in capsys.readouterr().err


def test_the_command_verifies_nothing_where_there_is_nothing(tmp_path, capsys):
    check = ["fares", "publish", "--verify", "--register"]
    for folder in (tmp_path, tmp_path / "none"):
        assert run([*check, str(folder)]) == 4
        said = capsys.readouterr()
        assert "FILE_NOT_FOUND" in said.err and said.out == ""
    call, _ = desk(tmp_path, GOOD)
    assert run([*call, "--head", "12345678"]) == 2


def test_the_same_content_again_is_the_same_publication(tmp_path):
    register = opened(tmp_path)
    before = (register / "register.jsonl").read_bytes()
    again = put(register, GOOD, START + 90_000, by="乙")
    assert isinstance(again, Published) and not again.is_new
    assert (again.publication.number, again.publication.by) == (1, "甲")
    assert (register / "register.jsonl").read_bytes() == before


def test_taking_a_change_back_before_it_begins_is_a_publication_of_its_own(tmp_path):
    register = opened(tmp_path)
    put(register, bus_from("2027-01-01", 150), START + 1)
    back = put(register, GOOD, START + 2)
    assert isinstance(back, Published) and back.is_new and back.publication.number == 3
    assert back.publication.from_day == date(2027, 1, 1)
    assert len(list((register / "tariffs").iterdir())) == 2
    assert not verify(register).faults


def test_what_may_not_be_published(tmp_path):
    register = opened(tmp_path)
    wrong = put(register, GOOD.replace("rate_bp = 9000", "rate_bp = 0.9"), START)
    assert isinstance(wrong, Refusal) and wrong.code == "TARIFF_HAS_ERRORS"
    other = publish(register, Wish(GOOD.encode(), "t.toml", "620200", START))
    assert isinstance(other, Refusal) and other.code == "TARIFF_CITY_DIFFERS"
    early = put(register, bus_from("2027-01-01", 150), START - 1)
    assert isinstance(early, Refusal) and early.code == "REGISTER_CLOCK"
    assert len(verify(register).publications) == 1


def test_a_review_can_stop_a_publication(tmp_path):
    seen = []

    def review(book):
        seen.append(book.city)
        return Refusal("TARIFF_HAS_ERRORS", "review", {"file": "x", "count": 1})

    wish = Wish(GOOD.encode(), "t.toml", CITY, START)
    assert publish(tmp_path, wish, [review]) == review(load_book(book_codes()[0]))
    assert seen[0] == CITY and read_register(tmp_path) == ()
    assert isinstance(publish(tmp_path, wish, [lambda _book: None]), Published)


def test_the_newest_book_published_by_then_is_read(tmp_path):
    register = opened(tmp_path)
    put(register, bus_from("2027-01-01", 150), START + 100)
    new_year = at(date(2027, 1, 1))

    def bus(now_s):
        book = published_book(register, CITY, now_s)
        return book.at(new_year).base("bus").fare_fen

    assert (bus(START), bus(START + 99), bus(START + 100)) == (100, 100, 150)
    for city, now_s in ((CITY, START - 1), ("310000", START + 200)):
        none = published_book(register, city, now_s)
        assert isinstance(none, Refusal) and none.code == "REGISTER_EMPTY"


# --- the commands --------------------------------------------------------------------------------


def desk(tmp_path: Path, text: str) -> tuple[list[str], Path]:
    """The arguments that publish a file, and the register it goes to."""
    file, register = tmp_path / "t.toml", tmp_path / "register"
    file.write_text(text, encoding="utf-8")
    where = ["--city", "兰州", "--register", str(register)]
    return ["fares", "publish", str(file), *where], register


def test_the_command_publishes_verifies_and_prices_by_it(tmp_path, capsys):
    call, register = desk(tmp_path, GOOD)
    first = ["--now", "2023-12-01 00:00", "--effective", "2024-01-01", "--by", "甲"]
    assert run([*call, *first, "--lang", "zh"]) == 0
    assert "已发布第 1 号" in capsys.readouterr().out
    (tmp_path / "t.toml").write_text(bus_from("2026-09-01", 150), encoding="utf-8")
    assert run([*call, "--now", "2026-08-01 00:00", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["publication"]["number"], told["publication"]["from"]) == (2, "2026-09-01")
    assert told["change"]["begins"] == ["BUS-2026-09-01-150"]
    digest = told["publication"]["digest"]
    check = ["fares", "publish", "--verify", "--register", str(register)]
    assert run([*check, "--head", digest, "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert "2 publications, all as they were written" in out and digest in out and "甲" in out
    shown = ["fares", "tariffs", "兰州", "--register", str(register), "--on", "2026-09-01"]
    assert run([*shown, "--json"]) == 0
    lists = json.loads(capsys.readouterr().out)["base_fares"]
    assert [row["rule"] for row in lists] == ["M-2", "BUS-2026-09-01-150"]
    (register / "register.jsonl").write_bytes(b"{}\n")
    assert run([*check, "--lang", "en"]) == 1
    assert "REGISTER_BROKEN" in capsys.readouterr().out
    assert run([*shown]) == 5
    assert "REGISTER_BROKEN" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "more", "code", "exit_code"),
    [
        (GOOD, ["--now", "2026-08-01 00:00"], "TARIFF_EFFECTIVE_DATE", 5),
        (GOOD, ["--now", "2023-12-31 12:00", "--emergency", " "], "TARIFF_EMERGENCY", 2),
        (GOOD, ["--now", "2023-12-31 12:00", "--emergency", "x"], "TARIFF_EMERGENCY", 2),
        (GOOD.replace("9000", "0.9"), ["--now", "2023-12-01 00:00"], "TARIFF_HAS_ERRORS", 4),
        (GOOD.replace("620100", "620200"), ["--now", "2023-12-01 00:00"], "TARIFF_CITY_DIFFERS", 4),
        (GOOD, ["--now", "yesterday"], "ARG_INVALID", 2),
    ],
)
def test_the_command_refuses_with_a_reason(tmp_path, capsys, text, more, code, exit_code):
    call, register = desk(tmp_path, text)
    assert run([*call, *more, "--lang", "en"]) == exit_code
    assert code in capsys.readouterr().err
    assert not (register / "register.jsonl").exists()


def test_an_emergency_is_written_down_with_both_names(tmp_path, capsys):
    call, register = desk(tmp_path, GOOD)
    people = ["--emergency", "洪水", "--by", "甲", "--second", "乙"]
    assert run([*call, *people, "--now", "2023-12-31 12:00"]) == 0
    (line,) = (register / "register.jsonl").read_text(encoding="utf-8").splitlines()
    told = json.loads(line)
    assert (told["emergency"], told["by"], told["second"]) == ("洪水", "甲", "乙")
    assert (told["number"], told["previous"], told["from"]) == (1, "0" * 64, "2024-01-01")
    assert run(["fares", "publish", "--register", str(register)]) == 2
    assert run(["fares", "publish", str(tmp_path / "t.toml"), "--register", str(register)]) == 2


def test_prices_and_checks_go_by_the_register_too(tmp_path, capsys):
    source = Path(__file__).parents[2] / "src/tongxing/fares/data/500000/tariff.toml"
    register = tmp_path / "register"
    publishing = ["fares", "publish", str(source), "--city", "500000", "--register", str(register)]
    assert run(publishing) == 0
    ride = ["重庆", "朝天门", "沙坪坝", "--at", "2026-03-17 10:00", "--exit", "2026-03-17 10:40"]
    assert run(["fares", "price", *ride, "--json"]) == 0
    *_, own = capsys.readouterr().out.partition('"quote"')
    assert run(["fares", "price", *ride, "--register", str(register), "--json"]) == 0
    *_, published = capsys.readouterr().out.partition('"quote"')
    assert own == published
    assert run(["fares", "price", *ride, "--register", str(tmp_path / "none")]) == 4
    assert "REGISTER_EMPTY" in capsys.readouterr().err
    both = ["--register", str(register), "--tariff", str(source)]
    assert run(["fares", "price", *ride, *both]) == 2


LEAP = f"""city = "620100"
name_zh = "兰州"
name_en = "Lanzhou"
[[rule]]
id = "METRO"
kind = "bands"
from = 2027-05-03
systems = ["metro"]
edges_m = [6000]
fares_fen = [100, 500]
{RULE}
[[rule]]
id = "ROUND"
kind = "rounding"
from = 2027-05-03
quantum_fen = 1
{RULE}"""


def test_a_tariff_with_a_loophole_worth_too_much_is_not_published(tmp_path, capsys):
    """B89: from 6 km on, going out and in again on the way pays 1.00 and 1.00 instead of 5.00."""
    call, register = desk(tmp_path, LEAP)
    search = ["--now", "2027-01-01 00:00", "--gain-max", "100", "--lang", "en"]
    assert run([*call, *search]) == 1
    said = capsys.readouterr().err
    assert "TARIFF_EXPLOITABLE" in said and "METRO" in said
    assert not (register / "register.jsonl").exists()
    flat = LEAP.replace("edges_m = [6000]\nfares_fen = [100, 500]", "fare_fen = 100")
    (tmp_path / "t.toml").write_text(flat.replace("bands", "flat"), encoding="utf-8")
    assert run([*call, *search]) == 0
