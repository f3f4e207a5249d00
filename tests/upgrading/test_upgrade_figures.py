"""What leaves the service: the list of media for whoever checks, figures, and its commands."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from test_upgrade_files import KEY, a_file, line
from upgrade_world import (
    CARDS,
    NOW,
    PERSONAL,
    TICKET,
    World,
    an_id,
    code_of,
    form,
    may,
    ok,
    opened,
)

from tongxing.city.upgrading.bulk_file import sign_file
from tongxing.cli import run
from tongxing.kernel.clock import stamp
from tongxing.messages.envelope import encode
from tongxing.storage import Database


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with opened(database) as found:
        yield found


def test_the_list_has_media_and_nothing_else_and_versions_that_rise(world: World) -> None:
    assert code_of(world.desk.linked_media()) == "UPGRADE_LIST_NONE"
    person, other = world.verified(), world.elder(2)
    ok(world.desk.upgrade_card(person.person_id, "r1", form(), NOW))
    first = world.desk.publish_list(NOW)
    assert (first.version, first.media, first.added, first.removed) == (1, 1, 1, 0)
    assert world.desk.publish_list(NOW + 60) == first
    ok(world.desk.end_link(person.person_id, CARDS[0], "e1", NOW + 61))
    ok(world.desk.upgrade_card(other.person_id, "r2", form(CARDS[1]), NOW + 62))
    second = world.desk.publish_list(NOW + 70)
    assert (second.version, second.media, second.added, second.removed) == (2, 1, 1, 1)
    changes = ok(world.desk.linked_media(1))
    assert (changes.added, changes.removed) == ([CARDS[1]], [CARDS[0]])
    ok(world.desk.upgrade_card(person.person_id, "r3", form(), NOW + 71))
    world.desk.publish_list(NOW + 80)
    assert ok(world.desk.linked_media(1)).added == [CARDS[1]]
    whole = ok(world.desk.linked_media())
    assert (whole.version, whole.added, whole.removed) == (3, CARDS[:2], [])
    assert code_of(world.desk.linked_media(4)) == "UPGRADE_LIST_VERSION"
    text = encode(whole).decode()
    personal = (*PERSONAL, an_id(1), person.person_id, person.account)
    assert not [one for one in personal if one in text]


@pytest.mark.req("R-162", "R-118")
def test_progress_is_counted_by_day_channel_and_kind(world: World) -> None:
    person, other = world.verified(at=may(19)), world.elder(2, at=may(19))
    ok(world.desk.upgrade_card(person.person_id, "r1", form(), may(19)))
    ok(world.desk.upgrade_card(other.person_id, "r2", form(CARDS[1], "card_app"), may(20, 23, 59)))
    ok(world.desk.accept(person.person_id, "alipay", "a1", may(23)))
    ok(world.desk.end_link(person.person_id, CARDS[0], "e1", may(23)))
    found = world.desk.campaign(may(24, 0))
    days = [(one.day.day, one.linked, one.ended, one.standing) for one in found.days]
    assert days == [(19, 1, 0, 1), (20, 1, 0, 2), (23, 1, 1, 2)]
    assert found.by_channel == {"app_popup": 1, "card_app": 1, "mini_metro": 1}
    assert found.by_kind == {"card": 2, "ride_code": 1}
    assert (found.linked, found.standing) == (3, 2)
    first, *later = found.milestones
    assert (first.links, first.reached_on) == (1, date(2022, 5, 19))
    assert not any(one.reached_on for one in later)
    [told] = found.reported
    assert (told.linked, told.on, told.at_least) == (7_000_000, date(2022, 5, 29), True)
    assert world.desk.campaign(may(20, 0)).linked == 1


class Counter:
    """Someone at the command line with the books of one database."""

    def __init__(self, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        self._dsn, self._capsys = world.database.dsn, capsys

    def say(self, *words: str, lang: str = "en", code: int = 0) -> str:
        self._capsys.readouterr()
        assert run(["upgrade", *words, "--dsn", self._dsn, "--lang", lang]) == code
        out, err = self._capsys.readouterr()
        return out if code == 0 else err


@pytest.mark.req("R-115", "R-162")
def test_the_commands_take_a_file_and_show_figures_and_list(
    world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    person = world.verified()
    ok(world.desk.upgrade_card(person.person_id, "r1", form(), NOW))
    shop = Counter(world, capsys)
    file, key = tmp_path / "cards.txt", tmp_path / "key.hex"
    content = a_file([line(1), line(2), "rubbish"])
    file.write_bytes(content)
    key.write_text(KEY.public_bytes().hex())
    words = ["bulk", str(file), "--authority", KEY.sender, "--key", str(key), "--staff", "s7"]
    words += ["--now", stamp(NOW)]
    assert "cards.txt.sig" in shop.say(*words, code=4)
    file.with_name("cards.txt.sig").write_bytes(sign_file(content, KEY))
    rejects = tmp_path / "rejects.txt"
    told = shop.say(*words, "--rejects", str(rejects))
    assert "3 lines: 2 upgraded, 0 were before, 1 not taken" in told
    assert rejects.read_text() == "TXREJECT|1|civil-affairs|b-1|1\n3|UPGRADE_LINE_FORM\n"
    assert "本次未做任何改动" in shop.say(*words, lang="zh")
    assert json.loads(shop.say(*words, "--json"))["already"] is True
    key.write_text("xyz")
    assert "64" in shop.say(*words, code=2)
    until = ["--until", stamp(may(31))]
    told = shop.say("progress", *until)
    assert "3 upgrades in all, 3 stand now" in told and "7000000" in told
    assert json.loads(shop.say("progress", "--json", *until))["by_kind"]["elder_card"] == 2
    rows = shop.say("progress", "--csv", *until).splitlines()
    assert rows[0].startswith("day,linked,ended,standing,channel:authority_file")
    assert rows[1] == "2022-05-25,3,0,3,2,1,1,2"
    out = tmp_path / "linked.json"
    assert "No list" in shop.say("list", code=4)
    words = ["list", "--out", str(out), "--now", stamp(NOW)]
    assert "Version 1 of the list, 3 media" in shop.say(*words, "--publish")
    ok(world.desk.end_link(person.person_id, CARDS[0], "e1", NOW + 1))
    assert "Version 1 of the list, 3 media" in shop.say(*words), "shown, and not made"
    assert "Version 2 of the list, 2 media" in shop.say(*words, "--publish")
    assert set(json.loads(out.read_bytes())) == {
        "city", "version", "since", "made_s", "added", "removed",
    }  # fmt: skip
    assert "试点车站 64 座：来源写明 1 座，其余 63 座未知" in shop.say(
        "ways", "--now", stamp(may(33)), lang="zh"
    )
    printed = told + "".join(rows)
    assert CARDS[0] not in printed and TICKET not in printed
