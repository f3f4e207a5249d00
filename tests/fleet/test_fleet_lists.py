"""A city publishes lists; its gates fetch them and put them in force, between two passengers."""

from collections.abc import Callable
from dataclasses import replace as changed

import pytest
from fleet_world import ACCOUNT_CARD, CARD, CITY_KEY, Device, Faulty, Town, code_of, must
from lists_town import WHY, desk_of, fares, publish
from msgspec.structs import replace

from tongxing.city import City
from tongxing.fares import load_city_fares
from tongxing.gate.data_lists import DataLists
from tongxing.gate.link import Answer
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, SigningKey
from tongxing.messages.lists import DATA_NAMES, DataName
from tongxing.published import bundled

Make = Callable[..., Device]
HOUR = 3_600
MORE = 90
"""What a ride costs more where the tariff is a yuan dearer: the city's cards pay nine tenths."""
STATIONS = {"OUT": "shapingba", "Y-OUT": "shapingba"}


def ride(gate: Device, number: int, entry: str = "IN", leave: str = "OUT") -> int:
    """A ride on a purse of its own: what the gate took."""
    fresh = replace(CARD, medium_no=f"50000001{number:08}")
    _, inside = gate.tap(fresh, entry)
    gate.clock.now_s += 1
    _, after = gate.tap(inside, leave)
    return fresh.balance_fen - after.balance_fen


def versions(gate: Device) -> dict[str, int]:
    return gate.site.versions(gate.clock.now_s)


def test_two_people_publish_and_the_gate_s_next_heartbeat_brings_it(
    town: Town, device: Make
) -> None:
    gate = device(stations=STATIONS)
    before = ride(gate, 1)
    released = publish(town, 100)
    assert (released.version, released.draft.drafted_by, released.released_by) == (1, "M-1", "C-1")
    assert gate.step().refusals == ()
    assert versions(gate) == {"deny": 0, "tariff": 1}
    assert ride(gate, 2) == before + MORE
    gate.later(61)
    (state,) = town.desk.devices(town.clock.now_s)
    assert state.heartbeat is not None
    assert state.heartbeat.lists == {"deny": 0, "tariff": 1}
    assert state.heartbeat.tariff == fares(100).tariff_at(town.clock.now_s).name
    assert state.heartbeat.expired == []


def test_a_list_that_begins_later_is_there_before_and_prices_from_its_time_on(
    town: Town, device: Make
) -> None:
    gate = device(stations=STATIONS)
    begins_s = town.clock.now_s + HOUR
    publish(town, 100, (begins_s, 0))
    gate.step()
    assert versions(gate) == {"deny": 0, "tariff.next": 1}
    town.clock.now_s = begins_s - 2
    before = ride(gate, 1)
    assert town.clock.now_s == begins_s - 1
    town.clock.now_s += 1
    assert ride(gate, 2) == before + MORE
    gate.restart()
    town.clock.now_s -= 9 * HOUR
    assert versions(gate) == {"deny": 0, "tariff": 1}


def test_a_gate_that_was_away_gets_the_one_in_force_and_the_one_that_waits(
    town: Town, device: Make
) -> None:
    gate = device()
    publish(town, 100)
    town.clock.now_s += 60
    publish(town, 200, (town.clock.now_s + HOUR, 0))
    town.clock.now_s += 2 * HOUR
    publish(town, 300, (town.clock.now_s + HOUR, 0))
    gate.step()
    assert versions(gate) == {"deny": 0, "tariff": 2, "tariff.next": 3}
    town.clock.now_s += HOUR
    assert versions(gate) == {"deny": 0, "tariff": 3}


def test_what_replaced_a_list_before_its_time_is_all_that_a_gate_gets(
    town: Town, device: Make
) -> None:
    publish(town, 100, (town.clock.now_s + HOUR, 0))
    publish(town, 200)
    gate = device()
    gate.step()
    assert versions(gate) == {"deny": 0, "tariff": 2}


def test_two_gates_at_different_versions_and_the_city_rates_by_its_own(
    town: Town, device: Make
) -> None:
    """The one that did not hear of the new tariff takes too little from a purse, and says by which
    tariff; the city prices anew, books what was taken, and marks it for a person."""
    new, old = device(stations=STATIONS), device("YZL", "Y-IN", "Y-OUT", stations=STATIONS)
    publish(town, 100)
    new.step()
    taken_new, taken_old = ride(new, 1), ride(old, 2, "Y-IN", "Y-OUT")
    assert taken_new == taken_old + MORE
    keys = {one.identity.facts.device: one.identity.key.public_bytes() for one in (new, old)}
    city = City("500000", town.database, CITY_KEY, KeyRing(keys), fares(100))
    batches = [must(one.site.next_batch()) for one in (new, old)]
    assert not any(isinstance(one, Refusal) for one in city.intake(batches, town.clock.now_s))
    city.close()
    now = fares(100).tariff_at(town.clock.now_s).name
    assert town.ask("SELECT medium_no, charge_fen, tariff, remark FROM trip ORDER BY 1") == [
        ("5000000100000001", taken_new, now, ""),
        ("5000000100000002", taken_old, now, "FARE_DIFFERS"),
    ]
    told = {tap.tariff for tap in must(old.journal.newest(9))}
    assert told == {load_city_fares("500000").tariff_at(town.clock.now_s).name}
    assert {tap.tariff for tap in must(new.journal.newest(9))} == {now}


class Lists(Faulty):
    """A line that does to answers with lists what it is told, and counts what was asked."""

    def __init__(self, address: str, change: Callable[[bytes], bytes] = lambda body: body) -> None:
        super().__init__(address)
        self.change, self.asked = change, list[str]()

    def get(self, path: str, asking: bytes) -> Answer:
        """The answer, spoilt."""
        self.asked.append(path)
        answer = self.link.get(path, asking)
        return answer if answer.body is None else Answer(body=self.change(answer.body))


def test_a_list_that_is_spoilt_on_its_way_holds_nothing_up_and_is_fetched_again_ever_later(
    town: Town, device: Make
) -> None:
    line = Lists(town.address, lambda body: body[:-7])
    gate = device(line=line)
    gate.rides(3)
    publish(town, 100)
    stepped = gate.step()
    assert [one.code for one in stepped.refusals] == ["MESSAGE_MALFORMED"]
    assert (stepped.acknowledged, versions(gate)) == (3, {"deny": 0})
    told = [[one.code for one in gate.later(61).refusals] for _ in range(10)]
    assert [codes for codes in told if codes] == [["MESSAGE_MALFORMED"]] * 4
    assert line.asked == ["/v1/lists/tariff?since=0"] * 5
    assert versions(gate) == {"deny": 0}
    line.change = lambda body: body
    gate.later(900)
    assert versions(gate) == {"deny": 0, "tariff": 1}


def test_a_list_of_another_signer_holds_up_no_other_list(town: Town, device: Make) -> None:
    gate = device()
    publish(town, 100, key=SigningKey.from_secret("500000", b"t" * 32))
    publish(town, name="legacy")
    stepped = gate.step()
    assert [one.code for one in stepped.refusals] == ["SIGNATURE_INVALID"]
    assert versions(gate) == {"deny": 0, "legacy": 1}
    town.clock.now_s += 10
    publish(town, 200)  # a newer one is tried at once
    gate.later(61)
    assert versions(gate)["tariff"] == 2


def test_an_older_answer_played_again_is_refused(town: Town, device: Make) -> None:
    old: list[bytes] = []

    def noted(body: bytes) -> bytes:
        old.append(body)
        return body

    line = Lists(town.address, noted)
    gate = device(line=line)
    publish(town, 100)
    gate.step()
    town.clock.now_s += 10
    publish(town, 200)
    gate.later(61)
    town.clock.now_s += 10
    publish(town, 300)
    line.change = lambda _body: old[0]
    assert [one.code for one in gate.later(61).refusals] == ["LIST_ROLLBACK"]
    assert versions(gate)["tariff"] == 2


class PowerCut(Exception):
    """The process is gone."""


@pytest.mark.parametrize("when", ["read", "taken"])
def test_a_cut_between_fetching_and_keeping_leaves_the_old_one(
    town: Town, device: Make, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    gate = device()
    publish(town, 100)
    gate.step()
    town.clock.now_s += 10
    publish(town, 200)

    def cut(*_: object, **__: object) -> None:
        raise PowerCut

    with monkeypatch.context() as power:
        power.setattr("tongxing.gate.data_lists._ready", cut) if when == "read" else None
        power.setattr(DataLists, "take", cut) if when == "taken" else None
        with pytest.raises(PowerCut):
            gate.later(61)
    gate.restart()
    assert versions(gate) == {"deny": 0, "tariff": 1}
    gate.later(61)
    assert versions(gate) == {"deny": 0, "tariff": 2}


def test_a_deny_list_past_its_last_day_is_told_and_goes_on(town: Town, device: Make) -> None:
    gate = device()
    city = City("500000", town.database, CITY_KEY, KeyRing({}), load_city_fares("500000"))
    assert city.report_lost(ACCOUNT_CARD.medium_no) is None
    city.publish_deny_list(town.clock.now_s)
    city.close()
    gate.step()
    town.clock.now_s += 8 * 24 * HOUR
    assert gate.tap(ACCOUNT_CARD)[0] == "MEDIUM_LOST"
    gate.step()
    (state,) = town.desk.devices(town.clock.now_s)
    assert state.heartbeat is not None and state.heartbeat.expired == ["deny"]


def test_who_may_publish_what_and_when(town: Town) -> None:
    desk, now_s = desk_of(town), town.clock.now_s
    maker, checker = town.maker, town.checker

    def hand_in(
        name: DataName = "tariff",
        content: bytes | None = None,
        why: str = WHY,
        days: tuple[int, int] = (0, 0),
    ) -> object:
        return desk.hand_in(maker, name, content, why, now_s, days)

    stranger = changed(maker, staff_id="N-1")
    assert code_of(desk.hand_in(stranger, "tariff", None, WHY, now_s)) == "STAFF_NOT_ALLOWED"
    assert code_of(hand_in(why=" ")) == "FLEET_WHY"
    assert code_of(hand_in(days=(0, now_s))) == "LIST_TIMES"
    assert code_of(hand_in(days=(now_s + 9, now_s + 9))) == "LIST_TIMES"
    assert code_of(hand_in(name="code_roots")) == "LIST_FILE_NEEDED"
    assert code_of(hand_in(content=b"no tariff")) == "LIST_UNFIT"
    assert code_of(hand_in(content=bundled("tariff", "110000"))) == "LIST_UNFIT"
    assert code_of(hand_in(content=b" " * (9 << 20))) == "LIST_UNFIT"
    other = bundled("tariff", "500000")
    assert other is not None
    cheaper = other.replace(b"fares_fen = [200, 300,", b"fares_fen = [100, 300,")
    refusal = hand_in(content=cheaper)
    assert code_of(refusal) == "LIST_NOT_OURS"
    assert not code_of(hand_in(content=other + b"\n# the same prices\n"))
    legacy = bundled("legacy", "500000")
    assert legacy is not None
    stricter = legacy.replace(b"charge_max_fen = 2000", b"charge_max_fen = 1900")
    assert code_of(hand_in(name="legacy", content=stricter)) == "LIST_NOT_OURS"
    own = desk.hand_in(checker, "entry", None, WHY, now_s)
    assert not isinstance(own, Refusal)
    assert code_of(desk.release(checker, own.number, CITY_KEY, now_s)) == "LIST_SAME_PERSON"
    assert code_of(desk.release(maker, own.number, CITY_KEY, now_s)) == "STAFF_NOT_ALLOWED"
    assert code_of(desk.release(checker, 999, CITY_KEY, now_s)) == "LIST_DRAFT_UNKNOWN"


def test_a_list_handed_in_lapses_and_is_overtaken(town: Town) -> None:
    desk, now_s = desk_of(town), town.clock.now_s
    first = desk.hand_in(town.maker, "tariff", None, WHY, now_s)
    second = desk.hand_in(town.maker, "tariff", None, WHY, now_s)
    assert not isinstance(first, Refusal) and not isinstance(second, Refusal)
    assert [one.number for one in desk.waiting(now_s)] == [first.number, second.number]
    lapsed_s = first.lapses_s
    assert (
        code_of(desk.release(town.checker, first.number, CITY_KEY, lapsed_s)) == "LIST_DRAFT_OVER"
    )
    assert not isinstance(desk.release(town.checker, second.number, CITY_KEY, now_s), Refusal)
    assert desk.waiting(now_s) == []
    again = desk.release(town.checker, second.number, CITY_KEY, now_s)
    assert code_of(again) == "LIST_DRAFT_UNKNOWN"
    assert code_of(desk.release(town.checker, first.number, CITY_KEY, now_s)) == "LIST_DRAFT_OVER"
    assert [one.version for one in desk.released()] == [1]


def test_one_that_waits_is_overtaken_only_by_one_that_begins_no_later(town: Town) -> None:
    desk, now_s = desk_of(town), town.clock.now_s
    publish(town, days=(now_s + HOUR, 0))
    later = desk.hand_in(town.maker, "tariff", None, WHY, now_s, (now_s + 2 * HOUR, 0))
    assert code_of(later) == "LIST_WAITS"
    publish(town, days=(now_s + HOUR, 0))
    publish(town)
    assert [one.version for one in desk.released("tariff")] == [3, 2, 1]


def test_every_list_has_an_address_of_its_own_and_no_other(town: Town, device: Make) -> None:
    line = Lists(town.address)
    gate = device(line=line)
    publish(town, name="entry")
    publish(town, name="legacy")
    gate.step()
    assert versions(gate) == {"deny": 0, "entry": 1, "legacy": 1}
    assert {path.partition("?")[0].rpartition("/")[2] for path in line.asked} <= {*DATA_NAMES}


def test_a_gate_opens_with_its_lists_before_it_hears_anybody(town: Town, device: Make) -> None:
    gate = device(stations=STATIONS)
    before = ride(gate, 1)
    publish(town, 100)
    gate.step()
    gate.line = Faulty("http://127.0.0.1:9")
    gate.restart()
    assert ride(gate, 2) == before + MORE
