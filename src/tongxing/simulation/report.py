"""The summary of a run in words and tables that a city's finance officer understands.

Only arranges what the summary says: no figure is made here that is not a sum of its figures.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tongxing.kernel.money import yuan
from tongxing.kernel.texts import load_catalogue
from tongxing.network.registry import load_registry
from tongxing.network.transport import city_codes, load_network
from tongxing.simulation.summary import CityTotal, Summary

DIFFERENCES_SHOWN_MAX = 10


@dataclass(frozen=True, slots=True)
class Table:
    """A table for people; `right` names the columns (from 0) that hold figures."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    right: tuple[int, ...]


class Report:
    """A run's summary in one language."""

    def __init__(self, summary: Summary, language: str) -> None:
        self._summary = summary
        self._language = language
        self._texts = load_catalogue("tongxing.simulation")

    def tables(self) -> list[Table]:
        """Travel and money, who rode where, who settled what, who was paid."""
        return [self._travel(), self._between_cities(), self._settled(), self._operators()]

    def lines(self) -> list[str]:
        """What was checked, sentence by sentence, and what did not hold."""
        summary, checks = self._summary, self._summary.checks
        found = [
            self._say("windows", windows=", ".join(summary.windows), payments=summary.payments),
            self._say(
                "proofs_hold" if not checks.proofs_broken else "proofs_broken",
                proofs=checks.proofs,
                broken=", ".join(checks.proofs_broken),
            ),
            self._say(
                "compared",
                payers=f"{checks.payers_compared:,}",
                purses=f"{checks.purses_compared:,}",
                accounts=checks.bank_accounts_compared,
                differences=len(checks.differences),
            ),
        ]
        for difference in checks.differences[:DIFFERENCES_SHOWN_MAX]:
            found.append(
                self._say(
                    "difference",
                    witness=self._say(f"witness.{difference.witness}"),
                    name=difference.name,
                    expected=yuan(difference.expected_fen),
                    booked=yuan(difference.booked_fen),
                )
            )
        found += [self._say("refused", what=what) for what in checks.refusals]
        if not checks.settled:
            found.append(self._say("not_settled"))
        faults = {kind: count for kind, count in summary.faults.items() if count}
        if faults:
            kinds = ", ".join(f"{self._say(f'fault.{kind}')} {n:,}" for kind, n in faults.items())
            found.append(self._say("faults", kinds=kinds))
        found.append(self._say("sound" if checks.sound else "unsound"))
        return found

    def _travel(self) -> Table:
        cities = [city for city in self._summary.cities if city.opened or city.refused]
        rows = [(self.city(city.code), *_travel_figures([city])) for city in cities]
        rows.append((self._say("total"), *_travel_figures(cities)))
        names = ("city", "opened", "refused", "trips", "half", "fare", "relief", "charge")
        return self._table("travel", names, rows)

    def _between_cities(self) -> Table:
        matrix = self._summary.cross_city_fen
        acquirers = sorted({name for row in matrix.values() for name in row})
        rows = [
            (self._member(issuer), *(yuan(row.get(name, 0)) for name in acquirers))
            for issuer, row in matrix.items()
        ]
        columns = (self._say("column.home"), *(self._member(name) for name in acquirers))
        right = tuple(range(1, len(columns)))
        return Table(self._say("table.between"), columns, rows, right)

    def _settled(self) -> Table:
        rows = [
            (self.city(city.code), yuan(city.owes_fen), yuan(city.gets_fen), self._net(city))
            for city in self._summary.cities
        ]
        return self._table("settled", ("city", "pays", "gets", "net"), rows)

    def _net(self, city: CityTotal) -> str:
        net_fen = city.gets_fen - city.owes_fen
        key = "net.gets" if net_fen > 0 else "net.pays" if net_fen < 0 else "net.even"
        return self._say(key, amount=yuan(abs(net_fen)))

    def _operators(self) -> Table:
        paid = self._summary.paid_to_operators_fen
        rows = [(self.operator(name), yuan(amount)) for name, amount in paid.items() if amount]
        rows.append((self._say("total"), yuan(sum(paid.values()))))
        return self._table("operators", ("operator", "paid"), rows)

    def _table(self, key: str, names: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Table:
        columns = tuple(self._say(f"column.{name}") for name in names)
        return Table(self._say(f"table.{key}"), columns, rows, tuple(range(1, len(columns))))

    def city(self, code: str) -> str:
        """A city's name in the report's language."""
        if code in city_codes():
            network = load_network(code)
            return network.name_zh if self._language == "zh" else network.name_en
        name = load_registry().place_name(code, self._language)
        return name.removesuffix("市")

    def operator(self, operator: str) -> str:
        """An operator's name in the report's language; the id of one that no network names."""
        for code in city_codes():
            known = load_network(code).operators.get(operator)
            if known is not None:
                return known.name_zh if self._language == "zh" else known.name_en
        return operator

    def _member(self, member: str) -> str:
        return self.city(member.partition("-")[2])

    def _say(self, key: str, **values: object) -> str:
        return self._texts.text(key, self._language, **values)


def _travel_figures(cities: Iterable[CityTotal]) -> tuple[str, ...]:
    of = list(cities)
    modes = [mode for city in of for mode in city.modes]
    fare_fen = sum(mode.fare_fen for mode in modes)
    charge_fen = sum(mode.charge_fen for mode in modes)
    counts = (
        sum(city.opened for city in of),
        sum(sum(city.refused.values()) for city in of),
        sum(mode.trips for mode in modes),
        sum(mode.half_trips for mode in modes),
    )
    money = (fare_fen, fare_fen - charge_fen, charge_fen)
    return (*(f"{count:,}" for count in counts), *(yuan(amount) for amount in money))
