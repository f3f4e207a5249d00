"""What tests of the decision are made of: validators, media, and a table to play."""

from dataclasses import dataclass, field
from datetime import date
from typing import cast

from msgspec.structs import replace

from tongxing.deciding.decide import decide
from tongxing.deciding.facts import Decision, GateContext, Role, ValidatorFacts
from tongxing.deciding.recent import RecentTaps
from tongxing.deciding.token import MediumToken, OpenEntry
from tongxing.fares import load_city_fares
from tongxing.gate.denylist import DenyIndex
from tongxing.kernel.clock import at
from tongxing.kernel.money import yuan
from tongxing.network.legacy import LegacyBook, read_legacy
from tongxing.network.registry import load_registry

DAY = date(2026, 3, 17)  # a Tuesday


CITIES = {"cq": "500000", "bj": "110000"}


CARD = MediumToken(
    scheme="local:500000",
    medium_no="4000000000000017",
    medium_kind="card",
    issuer="500000",
    product="ordinary",
    funding="purse",
    balance_fen=50_00,
)
"""A Changtong card with 50 yuan on it."""


BEIJING_CARD = replace(CARD, scheme="t_union", medium_no="3105170000000000017", issuer="110000")


TIANJIN_CARD = replace(CARD, scheme="t_union", medium_no="3104910000000000017", issuer="120000")


CODE = MediumToken(
    scheme="local:500000",
    medium_no="Q5000100000000014",
    medium_kind="code",
    issuer="500000",
    product="ordinary",
    funding="account",
    code_issued_s=at(DAY, 8),
    code_expires_s=at(DAY, 8) + 60,
)
"""A ride code, shown at eight for a minute."""


ACCOUNT_CARD = replace(CARD, medium_no="4000000000000025", funding="account", balance_fen=0)


def validator(role: Role, where: str, terminal: str = "G1") -> ValidatorFacts:
    """``cq:rail-1:xiaoshizi``, or with a vehicle ``bj:bus-1:wukesongqiaodong-stop:B7``."""
    city, line, station, *vehicle = where.split(":")
    network = load_city_fares(CITIES[city]).network
    known = network.lines[line]
    return ValidatorFacts(
        terminal_id=terminal,
        city=network.code,
        place=known.place,
        mode=known.mode,
        operator=known.operator,
        line=line,
        station=station,
        vehicle=vehicle[0] if vehicle else "",
        role=role,
    )


def context(
    facts: ValidatorFacts,
    now_s: int,
    deny: DenyIndex | None = None,
    recent: RecentTaps | None = None,
) -> GateContext:
    """What a gate of this city knows now."""
    return GateContext(
        load_city_fares(facts.city),
        load_registry(),
        DenyIndex(facts.city) if deny is None else deny,
        now_s,
        recent=RecentTaps() if recent is None else recent,
    )


@dataclass
class Street:
    """Media on their way through validators; what every station has just seen is kept apart."""

    media: dict[str, MediumToken]
    day: date = DAY
    recent: dict[tuple[str, str], RecentTaps] = field(default_factory=dict)

    def tap(self, medium: str, role: Role, where: str, now_s: int) -> Decision:
        """Hold a medium to a validator; an opened tap changes the medium and is remembered."""
        facts = validator(role, where)
        token = self.media[medium]
        recent = self.recent.setdefault((facts.station, facts.vehicle), RecentTaps())
        decision = decide(token, facts, context(facts, now_s, recent=recent))
        if decision.opened:
            recent.note(token, role, now_s)
        self.media[medium] = decision.token_after
        return decision

    def play(self, table: str) -> str:
        """Play the rows of a table and answer it with what really happened.

        A row: time (may carry seconds, or ``+1`` for the next day), role, place, medium; then what
        came of it: reason, charge, collected for an earlier ride, balance after.
        """
        rows = [line.split() for line in table.strip().splitlines()]
        return "\n".join("  ".join(self._row(row)) for row in rows)

    def _row(self, row: list[str]) -> list[str]:
        when, role, where, medium = row[:4]
        decision = self.tap(medium, cast(Role, role), where, self._instant(when))
        return [
            when,
            role,
            where,
            medium,
            decision.reason,
            yuan(decision.charge_fen),
            yuan(decision.half_trip_fen),
            yuan(self.media[medium].balance_fen),
        ]

    def _instant(self, when: str) -> int:
        clock, _, days = when.partition("+")
        hours, minutes, seconds = (*(int(part) for part in clock.split(":")), 0)[:3]
        return at(self.day, hours + 24 * int(days or 0), minutes, seconds)


def expected(table: str) -> str:
    """A table as `Street.play` writes it."""
    return "\n".join("  ".join(line.split()) for line in table.strip().splitlines())


M1 = replace(CARD, trust="legacy_untrusted")


IN = validator("entry", "cq:rail-1:xiaoshizi")


OUT = validator("exit", "cq:rail-1:shapingba")


ENTERED = OpenEntry("500000", "xiaoshizi", "rail-1", "rail", "500000", at(DAY, 8), "t")


def legacy_book(rows: str) -> LegacyBook:
    every = (
        '[[terms]]\nscheme=""\ncity=""\nfrom=2000-01-01\nbalance_max_fen=20000\n'
        'charge_max_fen=2000\nsource="our_choice"\ncertain=true\n'
    )
    return read_legacy(f"{every}{rows}\n[refused]\n".encode())


def of_chongqing(**numbers: object) -> LegacyBook:
    rows = "\n".join(f"{name}={value}" for name, value in numbers.items())
    owner = 'scheme="local:500000"\ncity="500000"\nfrom=2000-01-01\nsource="x"\ncertain=true'
    return legacy_book(f"[[terms]]\n{owner}\n{rows}")
