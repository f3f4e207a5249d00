"""A bus with one reader: who has boarded alights there, and everybody else boards."""

from dataclasses import dataclass, field
from dataclasses import replace as moved
from pathlib import Path

import pytest
from gate_world import SITE, site_key
from media_world import BEIJING, EIGHT, MEDIA, TearingLink, new_card
from msgspec.structs import replace

import deciding_world
from deciding_world import DAY, validator
from tongxing.deciding import Decision, MediumToken
from tongxing.deciding.facts import RULES, ValidatorFacts
from tongxing.fares import load_city_fares
from tongxing.gate import Journal, PlaceCodes, Site, SiteSetup
from tongxing.kernel.clock import DAY_S, at
from tongxing.messages import KeyRing, Tap
from tongxing.network.registry import load_registry
from tongxing.simulation.real_media import PlasticCard

BUS = "bj:bus-1"
STOPS = load_city_fares("110000").network.lines["bus-1"].stations
CODE = replace(
    deciding_world.CODE,
    scheme="t_union",
    issuer="110000",
    medium_no="Q1100100000000012",
    expires=BEIJING.expires,
)
ON_ACCOUNT = replace(BEIJING, medium_no="3105170000000000025", funding="account", balance_fen=0)
MINUTE_S = 60


@dataclass
class Bus:
    """A vehicle of line 1 with one reader, at one stop after the other."""

    folder: Path
    vehicle: str = "B7"
    validators: dict[str, ValidatorFacts] = field(default_factory=dict)
    token: MediumToken = BEIJING

    def __post_init__(self) -> None:
        facts = validator("board", f"{BUS}:{STOPS[0]}:{self.vehicle}", "head")
        self.validators["head"] = moved(facts, one_head=True)
        self.start()

    def start(self) -> None:
        """Open the site, as after a restart."""
        self.folder.mkdir(parents=True, exist_ok=True)
        journal = Journal.open(self.folder / "site.sqlite", SITE, 7)
        assert isinstance(journal, Journal), journal
        fares = load_city_fares("110000")
        setup = SiteSetup(
            city="110000",
            validators=self.validators,
            fares=fares,
            registry=load_registry(),
            key=site_key(SITE),
            city_keys=KeyRing({"110000": site_key("110000").public_bytes()}),
            media=MEDIA.setup(fares.network, PlaceCodes(fares.network), journal),
        )
        site = Site.open(setup, journal, lambda *_: None)
        assert isinstance(site, Site), site
        self.site, self.journal = site, journal

    def at(self, stop: int) -> "Bus":
        """The bus has come to its so-manieth stop."""
        facts = self.validators["head"]
        self.validators["head"] = moved(facts, station=STOPS[stop])
        return self

    def card(self, card: PlasticCard, now_s: int, tear_at: int = -1) -> Decision:
        card.enter_field()
        return self.site.present_card(TearingLink(card, tear_at), "head", now_s)

    def code(self, raw: bytes, now_s: int) -> Decision:
        return self.site.present_code(raw, "head", now_s)

    def taps(self) -> list[Tap]:
        taps = self.journal.unsent(1_000)
        assert isinstance(taps, list)
        return taps


def said(decision: Decision) -> tuple[str, str]:
    return decision.kind, decision.reason


@pytest.fixture
def bus(tmp_path: Path) -> Bus:
    return Bus(tmp_path / "B7")


def test_a_card_boards_and_alights_at_the_same_reader(bus: Bus) -> None:
    card = new_card(BEIJING)
    assert said(bus.card(card, EIGHT)) == ("entry", "OPEN")
    ended = bus.at(4).card(card, EIGHT + 20 * MINUTE_S)
    assert said(ended) == ("exit", "OPEN") and ended.charge_fen > 0
    assert said(bus.at(6).card(card, EIGHT + 40 * MINUTE_S)) == ("entry", "OPEN")
    assert [(tap.kind, tap.station, tap.ref.seq) for tap in bus.taps()] == [
        ("entry", STOPS[0], 1),
        ("exit", STOPS[4], 2),
        ("entry", STOPS[6], 3),
    ]


@pytest.mark.parametrize("token", [ON_ACCOUNT, CODE])
def test_what_an_account_has_open_the_vehicle_remembers(bus: Bus, token: MediumToken) -> None:
    shown = replace(token, code_issued_s=EIGHT, code_expires_s=EIGHT + 60)
    assert said(bus.site.present(shown, "head", EIGHT)[0]) == ("entry", "OPEN")
    bus.journal.close()
    bus.start()
    later_s = EIGHT + 20 * MINUTE_S
    shown = replace(token, code_issued_s=later_s, code_expires_s=later_s + 60)
    assert said(bus.at(4).site.present(shown, "head", later_s)[0]) == ("exit", "OPEN")


def test_a_code_boards_and_alights_with_a_new_display_each_time(bus: Bus) -> None:
    phone = MEDIA.phone(CODE)
    later_s = EIGHT + 20 * MINUTE_S
    assert said(bus.code(phone.show(EIGHT), EIGHT)) == ("entry", "OPEN")
    assert said(bus.at(4).code(phone.show(later_s), later_s)) == ("exit", "OPEN")
    again_s = later_s + 10 * MINUTE_S
    assert said(bus.at(6).code(phone.show(again_s), again_s)) == ("entry", "OPEN")


def test_the_display_that_boarded_does_not_alight(bus: Bus) -> None:
    raw = MEDIA.phone(CODE).show(EIGHT)
    assert bus.code(raw, EIGHT).opened
    replayed = bus.at(1).code(raw, EIGHT + 50)
    assert said(replayed) == ("exit", "QR_REPLAYED")
    fresh = MEDIA.phone(CODE).show(EIGHT + 60)
    assert said(bus.at(1).code(fresh, EIGHT + 60)) == ("exit", "OPEN")


def test_a_second_touch_within_seconds_is_the_same_passengers(bus: Bus) -> None:
    card, phone = new_card(BEIJING), MEDIA.phone(CODE)
    assert bus.card(card, EIGHT).opened and bus.code(phone.show(EIGHT), EIGHT).opened
    soon_s = EIGHT + RULES.double_tap_s
    assert said(bus.card(card, soon_s)) == ("entry", "DOUBLE_TAP")
    assert said(bus.code(phone.show(soon_s), soon_s)) == ("entry", "DOUBLE_TAP")
    ends_s = EIGHT + 10 * MINUTE_S
    assert said(bus.at(3).card(card, ends_s)) == ("exit", "OPEN")
    assert said(bus.card(card, ends_s + 5)) == ("exit", "DOUBLE_TAP")
    assert said(bus.card(card, ends_s + 5 * MINUTE_S)) == ("entry", "OPEN")


def test_who_forgot_to_alight_boards_anew_the_next_day(bus: Bus) -> None:
    card, phone = new_card(BEIJING), MEDIA.phone(CODE)
    bus.card(card, EIGHT)
    bus.code(phone.show(EIGHT), EIGHT)
    next_s = EIGHT + DAY_S
    collected = bus.card(card, next_s)
    assert said(collected) == ("entry", "OPEN") and collected.half_trip_fen > 0
    assert said(bus.code(phone.show(next_s), next_s)) == ("entry", "OPEN")


def test_a_boarding_of_some_hours_ago_is_over(bus: Bus) -> None:
    for later_s, kind in ((RULES.aboard_s_max, "exit"), (RULES.aboard_s_max + 1, "entry")):
        card = new_card(replace(BEIJING, medium_no=f"310517000000000{kind == 'exit':04d}"))
        bus.card(card, EIGHT)
        assert bus.at(4).card(card, EIGHT + later_s).kind == kind
        bus.at(0)


def test_on_another_vehicle_everybody_boards(bus: Bus, tmp_path: Path) -> None:
    other = Bus(tmp_path / "B8", vehicle="B8")
    card, phone = new_card(BEIJING), MEDIA.phone(CODE)
    bus.card(card, EIGHT)
    bus.code(phone.show(EIGHT), EIGHT)
    later_s = EIGHT + 20 * MINUTE_S
    boarded = other.card(card, later_s)
    assert said(boarded) == ("entry", "OPEN") and boarded.half_trip_fen > 0
    assert said(other.code(phone.show(later_s), later_s)) == ("entry", "OPEN")


def test_a_ride_past_the_end_of_the_day_is_one_ride(bus: Bus) -> None:
    card, late_s = new_card(BEIJING), at(DAY, 26, 50)
    bus.card(card, late_s)
    assert said(bus.at(4).card(card, late_s + 20 * MINUTE_S)) == ("exit", "OPEN")


def test_a_card_torn_while_it_boarded_still_boards(bus: Bus) -> None:
    whole = TearingLink(new_card(BEIJING))
    Bus(bus.folder.parent / "other").site.present_card(whole, "head", EIGHT)
    for tear_at in range(len(whole.sent)):
        card = new_card(replace(BEIJING, medium_no=f"3105170000001{tear_at:06d}"[:19]))
        bus.at(0).card(card, EIGHT + tear_at, tear_at)
        again = bus.card(card, EIGHT + tear_at + 40)
        assert said(again) == ("entry", "OPEN"), tear_at
        ended = bus.at(4).card(card, EIGHT + 20 * MINUTE_S + tear_at)
        assert said(ended) == ("exit", "OPEN"), tear_at


def test_a_card_torn_while_it_alighted_alights_and_pays_once(bus: Bus) -> None:
    ends_s = EIGHT + 20 * MINUTE_S
    whole = TearingLink(new_card(BEIJING))
    for tear_at in range(40):
        card = new_card(replace(BEIJING, medium_no=f"3105170000002{tear_at:06d}"[:19]))
        assert bus.at(0).card(card, EIGHT).opened
        card.enter_field()
        whole = TearingLink(card, tear_at)
        bus.at(4).site.present_card(whole, "head", ends_s)
        if len(whole.sent) <= tear_at:
            break  # every step of it has been torn
        again = bus.card(card, ends_s + 40)
        assert said(again) == ("exit", "OPEN"), tear_at
        later_s = ends_s + 30 * MINUTE_S
        assert said(bus.card(card, later_s)) == ("entry", "OPEN"), tear_at
    assert tear_at > 5


def test_a_lost_code_is_refused_on_the_side_it_is_on(bus: Bus) -> None:
    phone = MEDIA.phone(CODE)
    bus.code(phone.show(EIGHT), EIGHT)
    later_s = EIGHT + 20 * MINUTE_S
    late = bus.at(4).code(phone.show(later_s), later_s + DAY_S // 2)
    assert late.reason == "QR_EXPIRED" and late.kind == "entry", "by then nobody is aboard"
    late = bus.code(phone.show(later_s), later_s + 5 * MINUTE_S)
    assert said(late) == ("exit", "QR_EXPIRED")
