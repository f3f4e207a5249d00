"""A gate takes a delta only from exactly the version it has, and only to where the city says."""

import random
from pathlib import Path

import msgspec
import pytest
from denylist_world import Publisher, pairs_of, sealed_delta
from gate_world import CITY_KEY, CITY_KEYS, Station, code_of, deny_message, site_key

from tongxing.gate import denylist, kept_list
from tongxing.gate.denylist import ASK_WHOLE, DenyIndex, ListChange, read_deny_list
from tongxing.kernel.reasons import Refusal
from tongxing.messages import DenyEntry, DenyList, seal
from tongxing.messages.deltas import delta_between
from tongxing.messages.envelope import SCHEMA_VERSION, _Envelope, _signed_bytes

LOST = DenyEntry("4000000000000017", "MEDIUM_LOST")
STRAY = DenyEntry("4000000000000025", "MEDIUM_LOST")
REPLACED = DenyEntry("4000000000000017", "CARD_REPLACED")


def listed(version: int, *entries: DenyEntry) -> DenyList:
    return DenyList(city="500000", version=version, published_s=version, entries=list(entries))


def numbers(dice: random.Random, count: int) -> list[str]:
    """Media of every form that a gate meets, and some that it never should."""
    forms = ["31{:017}", "4{:015}", "Q{:016}", "{:019}", "a:{:x}.{:x}_Z-", "{:024}", "é{}", "{}"]
    return [dice.choice(forms).format(n := dice.randrange(10**9), n) for _ in range(count)]


@pytest.mark.parametrize("seed", range(6))
def test_whatever_arrives_in_whatever_order_a_gate_has_a_list_that_was_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Some thousand edits in wholes and deltas: late, doubled, dropped, from anywhere to anywhere,
    with restarts between, and limits so low that lists are folded and lie in files."""
    monkeypatch.setattr(kept_list, "FOLD_DELTAS", 5)
    monkeypatch.setattr(kept_list, "FOLD_EDITS", 150)
    monkeypatch.setattr(kept_list, "_INSIDE_BYTES_MAX", 2_000 + 900 * seed)
    monkeypatch.setattr(denylist, "_SLICE_BYTES", 700)
    dice = random.Random(seed)
    city = Publisher(dice, numbers(dice, 400))
    station = Station(tmp_path)
    seen = {"delta": 0, "refused": 0, "whole": 0}
    for _ in range(220):
        made = city.publish(dice.randint(0, 25))
        for _ in range(dice.randint(0, 3)):
            before = station.site.deny
            message, kind = something(dice, city, before.version, made)
            code = code_of(station.site.load_deny_list(message))
            assert code in {"", "LIST_DELTA_GAP", "LIST_ROLLBACK"}
            after = station.site.deny
            seen["refused" if code else kind] += 1
            assert after.version >= before.version
            assert after is before or not code
            assert holds(after, city)
        if dice.random() < 0.15:
            version = station.site.deny.version
            station.restart()
            assert station.site.deny.version == version
            assert holds(station.site.deny, city)
    assert all(count > 25 for count in seen.values()), seen


def something(
    dice: random.Random, city: Publisher, current: int, newest: DenyList
) -> tuple[bytes, str]:
    """A message that the city has sealed at some time, the one that fits most often."""
    if dice.random() < 0.2:
        return seal(dice.choice(city.versions[-9:]), CITY_KEY), "whole"
    if dice.random() < 0.3 and len(city.versions) > 2:
        old, new = sorted(dice.sample(city.versions[-9:], 2), key=lambda one: one.version)
        return sealed_delta(old, new), "delta"
    if current in (0, newest.version):
        return seal(newest, CITY_KEY), "whole"
    return sealed_delta(city.of(current), newest), "delta"


def holds(deny: DenyIndex, city: Publisher) -> bool:
    """Whether an index says exactly what the city published under its version."""
    if deny.version == 0:
        return len(deny) == 0
    wanted = city.of(deny.version)
    told = {entry.medium_no: entry.reason for entry in wanted.entries}
    assert pairs_of(deny) == set(told.items())
    assert (len(deny), deny.head.notices) == (len(told), tuple(wanted.notices))
    for number in city.numbers:
        said = "MEDIUM_DENIED" if told.get(number) == "INVENTED_NEXT_YEAR" else told.get(number, "")
        assert deny.reason(number) == said
    return True


def test_a_delta_changes_exactly_what_it_says(tmp_path: Path) -> None:
    station = Station(tmp_path)
    first, second = listed(3, LOST, STRAY), listed(5, REPLACED)
    assert station.site.load_deny_list(seal(first, CITY_KEY)) is None
    assert station.site.load_deny_list(sealed_delta(first, second)) is None
    for _ in range(2):
        assert station.site.deny.version == 5
        assert station.site.deny.reason(LOST.medium_no) == "CARD_REPLACED"
        assert station.site.deny.reason(STRAY.medium_no) == ""
        station.restart()


FIRST, SECOND, THIRD = listed(3, LOST), listed(5, LOST, STRAY), listed(6, STRAY)

NOT_BELIEVED = {
    "from an older version": (sealed_delta(listed(2), SECOND), "LIST_DELTA_GAP"),
    "from a newer version": (sealed_delta(SECOND, THIRD), "LIST_DELTA_GAP"),
    "to an older version": (sealed_delta(listed(1), listed(2, STRAY)), "LIST_ROLLBACK"),
    "back": (sealed_delta(FIRST, SECOND, version=2), "LIST_ROLLBACK"),
    "to itself, changed": (sealed_delta(listed(2), listed(3, STRAY)), "LIST_CHANGED"),
    "to itself, later": (sealed_delta(listed(2), FIRST, published_s=9), "LIST_CHANGED"),
    "of another city": (sealed_delta(FIRST, SECOND, city="110000"), "LIST_OTHER_CITY"),
    "signed by another": (sealed_delta(FIRST, SECOND, site_key("mallory")), "SIGNATURE_INVALID"),
    "another check": (sealed_delta(FIRST, SECOND, check="0" * 16), "LIST_DELTA_MISMATCH"),
    "another count": (sealed_delta(FIRST, SECOND, count=1), "LIST_DELTA_MISMATCH"),
    "an entry less": (sealed_delta(FIRST, SECOND, added=[]), "LIST_DELTA_MISMATCH"),
    "an entry more": (sealed_delta(FIRST, SECOND, added=[STRAY, REPLACED]), "LIST_DELTA_MISMATCH"),
    "one that is there": (sealed_delta(FIRST, SECOND, added=[LOST]), "LIST_DELTA_MISMATCH"),
    "one twice": (sealed_delta(FIRST, SECOND, added=[STRAY, STRAY]), "LIST_DELTA_MISMATCH"),
    "takes out what is not there": (
        sealed_delta(FIRST, SECOND, removed=[REPLACED]),
        "LIST_DELTA_MISMATCH",
    ),
    "takes out twice": (
        sealed_delta(FIRST, listed(5), removed=[LOST, LOST]),
        "LIST_DELTA_MISMATCH",
    ),
    "half of it": (sealed_delta(FIRST, SECOND)[:90], "MESSAGE_MALFORMED"),
    "all but a byte": (sealed_delta(FIRST, SECOND)[:-1], "MESSAGE_MALFORMED"),
    "nothing": (b"", "MESSAGE_MALFORMED"),
}


@pytest.mark.parametrize("what", NOT_BELIEVED)
def test_a_delta_that_cannot_be_believed_leaves_the_list_in_force(
    tmp_path: Path, what: str
) -> None:
    message, code = NOT_BELIEVED[what]
    station = Station(tmp_path)
    assert station.site.load_deny_list(seal(FIRST, CITY_KEY)) is None
    for _ in range(2):
        before = station.site.deny
        refusal = station.site.load_deny_list(message)
        assert code_of(refusal) == code
        assert isinstance(refusal, Refusal)
        assert all(refusal.message(one) and refusal.next_step(one) for one in ("zh", "en"))
        assert (code in ASK_WHOLE) == code.startswith("LIST_DELTA")
        assert station.site.deny is before
        station.restart()
        assert (station.site.deny.version, pairs_of(station.site.deny)) == (3, {pair(LOST)})
    assert station.site.load_deny_list(sealed_delta(FIRST, SECOND)) is None
    assert pairs_of(station.site.deny) == {pair(LOST), pair(STRAY)}


def pair(entry: DenyEntry) -> tuple[str, str]:
    return entry.medium_no, entry.reason


def test_the_delta_that_led_here_may_come_again(tmp_path: Path) -> None:
    station = Station(tmp_path)
    station.site.load_deny_list(seal(FIRST, CITY_KEY))
    for _ in range(3):
        assert station.site.load_deny_list(sealed_delta(FIRST, SECOND)) is None
        assert station.site.load_deny_list(seal(SECOND, CITY_KEY)) is None
        assert station.site.load_deny_list(sealed_delta(listed(4), SECOND)) is None
        assert station.site.deny.version == 5


def test_no_delta_is_made_between_two_cities_or_backwards() -> None:
    for old, new in [(SECOND, FIRST), (FIRST, FIRST)]:
        with pytest.raises(ValueError, match="no way from"):
            delta_between(old, new)
    with pytest.raises(ValueError, match="no way from"):
        delta_between(FIRST, DenyList(city="110000", version=9, published_s=9, entries=[]))


# --- how a whole list is read ---------------------------------------------------------------------

STRANGE = ['a"],["b', "\\", '"', "],[", '"],["', "\u0001", "\n\t", '\\"],["', "x" * 300]


def read(body: bytes) -> ListChange | Refusal | None:
    signature = CITY_KEY.private.sign(_signed_bytes("DenyList", 1, "500000", body))
    envelope = _Envelope("DenyList", SCHEMA_VERSION, "500000", body, signature)
    return read_deny_list(msgspec.msgpack.encode(envelope), CITY_KEYS, DenyIndex("500000"))


@pytest.mark.parametrize("slice_bytes", [1, 7, 40, 64, 150, 10_000])
@pytest.mark.parametrize("spaces", [False, True])
def test_a_list_is_read_the_same_wherever_it_is_cut(
    monkeypatch: pytest.MonkeyPatch, slice_bytes: int, spaces: bool
) -> None:
    monkeypatch.setattr(denylist, "_SLICE_BYTES", slice_bytes)
    entries = [DenyEntry(f"31{number:017}", "MEDIUM_LOST") for number in range(40)]
    entries[7:7] = [DenyEntry(number, number) for number in STRANGE]
    body = msgspec.json.encode(listed(4, *entries))
    change = read(msgspec.json.format(body, indent=2) if spaces else body)
    assert isinstance(change, ListChange), change
    assert pairs_of(change.deny) == {pair(entry) for entry in entries}


@pytest.mark.parametrize(
    "entries",
    ['[["1","A","B"]]', '[["1"]]', '[["1",2]]', "[[]]", '{"1":"A"}', "null", '[["1","A"],["2"]]'],
)
@pytest.mark.parametrize("slice_bytes", [1, 1_000])
def test_entries_of_another_form_are_not_read(
    monkeypatch: pytest.MonkeyPatch, slice_bytes: int, entries: str
) -> None:
    monkeypatch.setattr(denylist, "_SLICE_BYTES", slice_bytes)
    body = '{"city":"500000","version":4,"published_s":1,"entries":' + entries + "}"
    assert code_of(read(body.encode())) == "MESSAGE_BODY"


def test_a_text_that_no_book_can_hold_is_not_read() -> None:
    assert code_of(read(msgspec.json.encode(listed(4, DenyEntry("\0", "A"))))) == "MESSAGE_BODY"


def test_a_field_that_is_not_known_is_not_read() -> None:
    body = b'{"city":"500000","version":4,"published_s":1,"entries":[],"more":1}'
    assert code_of(read(body)) == "MESSAGE_BODY"
    assert code_of(read(b"{")) == "MESSAGE_BODY"
    assert code_of(read_deny_list(deny_message(1), CITY_KEYS, DenyIndex("500000"))) == ""
