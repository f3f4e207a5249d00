"""An authority's file of category cards: believed whole or not at all, and taken once."""

from collections.abc import Iterator

import pytest
from upgrade_world import (
    BEIJING,
    NOW,
    World,
    code_of,
    form,
    may,
    ok,
    opened,
)

from tongxing.city.upgrading import bulk
from tongxing.city.upgrading.bulk import BulkTaken
from tongxing.city.upgrading.bulk_file import Reject, sign_file
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, SigningKey
from tongxing.storage import Database

KEY = SigningKey.from_secret("civil-affairs", b"k" * 32)
THIEF = SigningKey.from_secret("civil-affairs", b"t" * 32)
KEYS = KeyRing({KEY.sender: KEY.public_bytes()})


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with opened(database) as found:
        yield found


def line(number: int, *, kind: str = "elder_card", holder: str = "") -> str:
    reference = holder or sha256_hex(f"holder {number}".encode())[:32]
    return f"{number}|{kind}|20220000{number:08d}|{reference}"


def a_file(lines: list[str], batch: str = "b-1", city: str = BEIJING) -> bytes:
    """A file in order around these lines."""
    body = f"TXUP|1|{KEY.sender}|{batch}|{city}|2022-05-20\n"
    body += "".join(f"{one}\n" for one in lines)
    return f"{body}TXEND|{len(lines)}|{sha256_hex(body.encode())}\n".encode()


def taken(world: World, content: bytes, at: int = NOW) -> BulkTaken | Refusal:
    return world.desk.take_file(content, sign_file(content, KEY), KEYS, "s7", at)


@pytest.mark.req("R-115")
def test_a_file_upgrades_its_cards_and_their_holders_do_nothing(world: World) -> None:
    content = a_file([line(1), line(2, kind="civil_card"), line(3)])
    done = ok(taken(world, content))
    assert (done.lines, done.linked, done.repeated, done.rejected) == (3, 3, 0, 0)
    assert not done.already
    world.desk.publish_list(NOW)
    assert ok(world.desk.linked_media()).added == [f"20220000{n:08d}" for n in (1, 2, 3)]


@pytest.mark.req("R-115", "R-152")
def test_the_same_file_twice_does_nothing(world: World) -> None:
    content = a_file([line(1), line(2), "rubbish"])
    first = ok(taken(world, content))
    again = ok(taken(world, content, NOW + 60))
    assert again.already and (again.linked, again.rejects) == (first.linked, first.rejects)
    assert world.count("upgrade_link") == 2
    renamed = ok(taken(world, a_file([line(1), line(2)], "b-2")))
    assert (renamed.linked, renamed.repeated) == (0, 2)
    assert code_of(taken(world, a_file([line(3)]))) == "UPGRADE_FILE_BATCH"


def test_a_bad_line_is_rejected_alone_and_never_repeated(world: World) -> None:
    person = world.verified()
    ticket = form("2022000000000009", kind="commemorative_ticket")
    ok(world.desk.upgrade_card(person.person_id, "r1", ticket, NOW))
    lines = [
        line(1),
        "2|elder_card|2022000000000002|王小明 110101198002290018",
        line(3).replace("3|", "4|", 1),
        line(4, kind="card"),
        line(5).replace("20220000", "2022"),
        line(6).replace("00000006", "00000001"),
        line(7) + "|more",
        "8|elder_card|２０２２００００００００００08|" + "a" * 32,
        line(9),
        "x" * 10_000,
        "",
        line(12),
    ]
    done = ok(taken(world, a_file(lines)))
    assert (done.linked, done.lines) == (2, 12)
    assert done.rejects == (
        Reject(2, "UPGRADE_LINE_FORM"),
        Reject(3, "UPGRADE_LINE_ORDER"),
        Reject(4, "UPGRADE_CHANNEL_OTHER_KIND"),
        Reject(5, "UPGRADE_NUMBER_LENGTH"),
        Reject(6, "UPGRADE_LINE_TWICE"),
        Reject(7, "UPGRADE_LINE_FORM"),
        Reject(8, "UPGRADE_LINE_FORM"),
        Reject(9, "UPGRADE_LINE_OTHER_HOLDER"),
        Reject(10, "UPGRADE_LINE_FORM"),
        Reject(11, "UPGRADE_LINE_FORM"),
    )
    told = done.reject_file().decode()
    assert told.startswith("TXREJECT|1|civil-affairs|b-1|10\n2|UPGRADE_LINE_FORM\n")
    everything = told + repr(done) + world.everything()
    assert "王小明" not in everything and "110101198002290018" not in everything


GOOD = a_file([line(1), line(2)])


NOT_IN_ORDER = [
    (b"", "UPGRADE_FILE_FORM"),
    (b"\n", "UPGRADE_FILE_FORM"),
    (b"\xff\xfe\n", "UPGRADE_FILE_FORM"),
    (GOOD[:-1], "UPGRADE_FILE_FORM"),
    (GOOD.replace(b"\n", b"\r\n"), "UPGRADE_FILE_FORM"),
    (GOOD.replace(b"TXUP|1", b"TXUP|2"), "UPGRADE_FILE_FORM"),
    (GOOD.replace(b"TXEND|2", b"TXEND|02"), "UPGRADE_FILE_FORM"),
    (GOOD.replace(b"TXEND|2", b"TXEND|3"), "UPGRADE_FILE_COUNT"),
    (GOOD.replace(b"elder", b"civil"), "UPGRADE_FILE_DIGEST"),
    (a_file([line(1)], city="310000"), "UPGRADE_FILE_CITY"),
]


def test_a_file_that_is_not_in_order_changes_nothing(world: World) -> None:
    for content, code in NOT_IN_ORDER:
        assert code_of(taken(world, content)) == code
        assert world.books() == (0,) * 8


def test_a_file_that_its_authority_did_not_sign_changes_nothing(world: World) -> None:
    for signature in (sign_file(GOOD, THIEF), sign_file(GOOD + b" ", KEY), b"", b"x" * 64):
        found = world.desk.take_file(GOOD, signature, KEYS, "s7", NOW)
        assert code_of(found) == "UPGRADE_FILE_SIGNATURE"
    nobody = world.desk.take_file(GOOD, sign_file(GOOD, KEY), KeyRing({}), "s7", NOW)
    assert code_of(nobody) == "UPGRADE_FILE_SIGNATURE"
    assert code_of(taken(world, GOOD, may(17))) == "UPGRADE_NO_PROGRAMME"
    huge = b"x" * (64 * 1024 * 1024 + 1)
    assert code_of(world.desk.take_file(huge, b"", KEYS, "s7", NOW)) == "UPGRADE_FILE_SIZE"
    assert world.books() == (0,) * 8


@pytest.mark.req("R-115")
def test_a_torn_run_is_gone_on_with(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PART_LINES", 10)
    content = a_file([line(number) for number in range(1, 36)])
    steps: list[int] = []

    def dies(lines: int) -> None:
        steps.append(lines)
        if len(steps) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.desk.take_file(content, sign_file(content, KEY), KEYS, "s7", NOW, dies)
    assert world.count("upgrade_link") == 20
    done = ok(taken(world, content))
    assert (done.linked, done.already) == (35, False)
    assert (world.count("upgrade_link"), world.count("upgrade_file_part")) == (35, 4)
    assert ok(taken(world, content)).already


@pytest.mark.req("R-118", "R-115")
def test_ten_thousand_cards_are_upgraded_together(world: World) -> None:
    content = a_file([line(number) for number in range(1, 10_001)])
    assert ok(taken(world, content)).linked == 10_000
    assert ok(world.desk.publish_list(NOW)).media == 10_000
