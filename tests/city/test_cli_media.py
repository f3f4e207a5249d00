"""`tongxing media`: a counter shows, replaces and loads a card, in both languages and as JSON."""

import json
import shlex

import pytest
from counter_world import NEW, NOON, OLD, READY_S, counter, ride, send

from street import CARD, CHONGQING, PURSE, Taps
from tongxing.cli import run
from tongxing.kernel.clock import stamp
from tongxing.storage import Database

AT_NOON, READY = ["--now", stamp(NOON)], ["--now", stamp(READY_S)]
REPLACE = ["replace", OLD, NEW, "--staff", "s7", *AT_NOON]
OLD_SHOWN, NEW_SHOWN = "400000******0017", "400000******0025"


@pytest.fixture
def database(empty_database: Database) -> Database:
    """Commands find the one city of the books by themselves, or none."""
    return empty_database


class Counter:
    """Someone at the command line of a counter, with the books of one database."""

    def __init__(self, database: Database, capsys: pytest.CaptureFixture[str]) -> None:
        city = counter(database)
        send(city, ride(Taps(), "08:00", OLD, 180))
        city.close()
        self.dsn = database.dsn
        self._capsys = capsys

    def say(self, *words: str, lang: str = "en") -> str:
        """What a command prints; it must end well."""
        self._capsys.readouterr()
        assert run(["media", *words, "--dsn", self.dsn, "--lang", lang]) == 0
        out, err = self._capsys.readouterr()
        assert err == "" and OLD not in out and NEW not in out
        return out

    def json(self, *words: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.say(*words, "--json"))
        return found

    def refusal(self, *words: str, lang: str = "en") -> str:
        """The one line of a command that is refused."""
        self._capsys.readouterr()
        assert run(["media", *words, "--dsn", self.dsn, "--lang", lang]) not in (0, 1)
        out, err = self._capsys.readouterr()
        assert out == "" and err.count("\n") == 1 and OLD not in err and NEW not in err
        return err


@pytest.fixture
def desk(database: Database, capsys: pytest.CaptureFixture[str]) -> Counter:
    return Counter(database, capsys)


@pytest.mark.req("R-303", "R-304")
def test_an_old_card_is_shown_with_its_limits_and_what_comes_next(desk: Counter) -> None:
    told = desk.say("show", OLD, *AT_NOON)
    limits = "holds at most 200.00 yuan, a ride takes at most 20.00"
    for words in (OLD_SHOWN, "Chongqing", "is not believed", "48.20", "1 with this card", limits):
        assert words in told, words
    assert "no end has been set" in told and "tongxing media replace" in told
    chinese = desk.say("show", OLD, "--city", "重庆", *AT_NOON, lang="zh")
    for words in ("旧M1卡，内容不可信", "本卡 1 次", "单次至多扣 20.00 元", "换成CPU卡"):
        assert words in chinese, words
    found = desk.json("show", OLD, *AT_NOON)["medium"]
    assert isinstance(found, dict)
    assert (found["trust"], found["next_step"]) == ("legacy_untrusted", "replace")
    assert found["legacy"]["charge_max_fen"] == 2_000


@pytest.mark.req("R-303")
def test_a_counter_replaces_an_old_card_and_loads_its_money(desk: Counter) -> None:
    told = desk.say(*REPLACE)
    assert told.splitlines()[0] == (
        f"{OLD_SHOWN} has ended; {NEW_SHOWN} takes its place. Take the old card in."
    )
    assert "Take 20.00 yuan in cash" in told
    assert f"The books hold 48.20 yuan, to be loaded at a counter from {stamp(READY_S)}" in told
    shown = desk.say("show", NEW, *AT_NOON)
    assert OLD_SHOWN in shown and "0 with this card, 1 with those before it" in shown
    assert NEW_SHOWN in desk.say("show", OLD, *AT_NOON)
    started = desk.json("load", NEW, "--staff", "s7", *READY)
    assert (started["amount_fen"], started["state"]) == (4_820, "pending")
    request = str(started["request"])
    again = desk.say("load", NEW, "--staff", "s7", *READY)
    assert f"tongxing media loaded {request} yes" in again
    assert request in desk.say("show", NEW, *READY)
    done = desk.say("loaded", request, "yes", "--staff", "s7", *READY, lang="zh")
    assert done == f"48.20 元已转入 {NEW_SHOWN}。\n"
    ended = desk.json("loaded", request, "yes", "--staff", "s7", *READY)
    assert ended["state"] == "loaded"
    assert desk.refusal("load", NEW, "--staff", "s7", "--request", "2").startswith(
        "error LOAD_NOTHING: No money waits"
    )


@pytest.mark.parametrize(
    ("staff", "city", "request_id"), [("s7", [], "l1"), ("Li 7", ["--city", "重庆"], "l 1")]
)
def test_the_command_that_a_load_prints_ends_it_as_pasted(
    desk: Counter, staff: str, city: list[str], request_id: str
) -> None:
    desk.say(*REPLACE)
    asked = ["load", NEW, "--staff", staff, *city, "--request", request_id, *READY]
    printed = [line.strip() for line in desk.say(*asked).splitlines()]
    assert printed[-1] == desk.say(*asked, lang="zh").splitlines()[-1].strip()
    program, group, *words = shlex.split(printed[-1])
    assert (program, group) == ("tongxing", "media")
    assert words == ["loaded", request_id, "yes", "--staff", staff, *city]
    assert "48.20 yuan were loaded" in desk.say(*words)
    assert desk.json(*asked)["state"] == "loaded"


def test_what_is_not_on_the_chip_waits_on(desk: Counter) -> None:
    desk.say(*REPLACE)
    desk.say("load", NEW, "--staff", "s7", "--request", "l1", *READY)
    told = desk.say("loaded", "l1", "no", "--staff", "s7", *READY)
    assert told == f"Nothing was loaded onto {NEW_SHOWN}; 48.20 yuan still wait in the books.\n"
    assert "48.20 yuan, to be loaded from" in desk.say("show", NEW, *READY)


def test_a_replacement_as_json_names_no_full_number(desk: Counter) -> None:
    found = desk.json(*REPLACE)
    assert found == {
        "city": CHONGQING,
        "replaced": {
            "old_no": OLD_SHOWN,
            "new_no": NEW_SHOWN,
            "why": "legacy",
            "fee_fen": 2_000,
            "waiting_fen": 4_820,
            "ready_s": READY_S,
            "already": False,
        },
    }


def test_a_replacement_asked_again_takes_no_second_fee(desk: Counter) -> None:
    later = [*REPLACE[:-1], stamp(NOON + 600)]
    assert "Take 20.00 yuan" in desk.say(*REPLACE)
    told = desk.say(*later)
    assert f"Done already at {stamp(NOON)}; nothing new was booked" in told
    assert "do not collect the fee again" in told and "Take 20.00 yuan" not in told
    chinese = desk.say(*later, lang="zh")
    assert f"此换卡已于 {stamp(NOON)} 办理，本次没有新的登记；新卡费只收一次" in chinese
    assert "请收新卡费" not in chinese and "账上余额 48.20 元" in chinese
    found = desk.json(*later)["replaced"]
    assert isinstance(found, dict) and found["already"] is True


def test_a_load_asked_again_never_says_write_it_as_if_for_the_first_time(desk: Counter) -> None:
    desk.say(*REPLACE)
    load = ["load", NEW, "--staff", "s7", "--request", "l1", "--now"]
    assert f"Now write 48.20 yuan to {NEW_SHOWN}" in desk.say(*load, stamp(READY_S))
    again = desk.say(*load, stamp(READY_S + 60))
    assert f"Begun already at {stamp(READY_S)}; nothing new was booked" in again
    assert "Now write" not in again and "never twice" in again
    assert "切勿写两次" in desk.say(*load, stamp(READY_S + 60), lang="zh")
    assert desk.json(*load, stamp(READY_S + 60))["already"] is True
    desk.say("loaded", "l1", "yes", "--staff", "s7", *READY)
    ended = desk.say(*load, stamp(READY_S + 60))
    assert "Begun already" in ended and "were loaded onto" in ended and "never twice" not in ended


def test_a_card_of_an_account_and_a_national_one_are_replaced(desk: Counter) -> None:
    told = desk.say("replace", CARD, NEW, "--staff", "s7", "--why", "expired", *AT_NOON)
    assert "The account's money stays where it is" in told
    national = "3104920000000000017"
    desk.say("replace", PURSE, national, "--staff", "s7", "--why", "damaged", *AT_NOON)
    assert "China T-Union" in desk.say("show", national, *AT_NOON)


def test_a_refusal_is_one_line_with_the_next_step(desk: Counter) -> None:
    upgrade = desk.refusal("replace", OLD, OLD, "--staff", "s7", *AT_NOON)
    assert upgrade.startswith("error M1_UPGRADE_REFUSED: ") and "Get a new CPU card" in upgrade
    told = desk.refusal("replace", PURSE, NEW, "--staff", "s7", *AT_NOON, lang="zh")
    assert told.startswith("错误 REPLACE_NOT_LEGACY: 账上这不是旧M1卡")
    assert "MEDIUM_UNKNOWN" in desk.refusal("show", "4000000000009999")
    untrusted = [*REPLACE, "--trust", "legacy_untrusted"]
    assert "REPLACE_NEEDS_CHIP" in desk.refusal(*untrusted)
    assert "REPLACE_OTHER_ISSUER" in desk.refusal(*REPLACE, "--scheme", "city_union")
    desk.say(*REPLACE)
    early = desk.refusal("load", NEW, "--staff", "s7", *AT_NOON)
    assert f"can be loaded from {stamp(READY_S)}" in early
    assert "LOAD_UNKNOWN" in desk.refusal("loaded", "l9", "yes", "--staff", "s7")
