"""A trip as the city finds it: who rode from where to where, and each line of its price.

The shape alone stands here, with what makes one from priced facts. Pure; nothing here pairs taps.
"""

from dataclasses import dataclass, replace
from datetime import date

from tongxing.city.half_trips import trip_id_of
from tongxing.fares import PriceLine, Quote, RideFacts
from tongxing.kernel.clock import business_date
from tongxing.kernel.ids import digest
from tongxing.messages import CardProof, Tap, TapRef
from tongxing.messages.records import How

STATED: frozenset[How] = frozenset({"declared", "habitual", "disruption", "staff", "cleared"})
"""Trips of which one end rests on no tap of their own."""


@dataclass(frozen=True, slots=True)
class Trip:
    """A charged journey, priced line by line. The lines add up to `charge_fen`.

    `exited_s` of a trip without an exit is when its money fell due: the tap that ended it, or the
    end of its business day.
    `remark` is "" or a reason code for a person to look at: FARE_DIFFERS when a gate took from a
    purse what the tariff does not say, COLLECTED_UNKNOWN when it collected for an entry that has
    not arrived, or why the tariff has no price for the ride (it is then charged nothing: one
    strange tap must not stop all others). `proofs` and `codes` are what its media signed.
    """

    trip_id: str
    order_key: str
    taps: tuple[TapRef, ...]
    last: Tap
    origin: str
    destination: str
    entered_s: int
    exited_s: int
    completed_on: date
    how: How
    fare_fen: int
    charge_fen: int
    tariff: str
    lines: tuple[PriceLine, ...]
    remark: str = ""
    proofs: tuple[CardProof, ...] = ()
    codes: tuple[bytes, ...] = ()

    def fingerprint(self) -> str:
        """Changes when a revision is due: other taps, another end, another price."""
        stated: tuple[object, ...] = ()
        if self.how in STATED:
            stated = (self.origin, self.destination, self.entered_s, self.exited_s)
        return digest(
            self.how,
            self.charge_fen,
            self.fare_fen,
            self.tariff,
            self.last.medium_no,
            *map(str, self.taps),
            *stated,
        )


def order_key(tap: Tap) -> str:
    """Sorts taps as they happened; ties by terminal, so that the order is total."""
    ref = tap.ref
    return f"{tap.time_s:011d}|{ref.terminal_id}|{ref.epoch:016x}|{ref.seq:010d}"


def make_trip(
    medium: Tap,
    facts: RideFacts,
    how: How,
    taps: tuple[Tap, ...],
    completed_on: date,
    quote: Quote,
    remark: str,
) -> Trip:
    """The trip of these taps as it was priced; it belongs to the medium of `medium`."""
    first = taps[0]
    return Trip(
        trip_id=trip_id_of(first.ref),
        order_key=order_key(first),
        taps=tuple(tap.ref for tap in taps),
        last=medium,
        origin=facts.origin,
        destination=facts.destination,
        entered_s=facts.entered_s,
        exited_s=facts.exited_s,
        completed_on=completed_on,
        how=how,
        fare_fen=quote.fare_fen,
        charge_fen=quote.charge_fen,
        tariff=quote.tariff,
        lines=quote.lines,
        remark=remark,
        proofs=tuple(tap.proof for tap in taps if tap.proof is not None),
        codes=tuple(tap.code for tap in taps if tap.code),
    )


def collected_unknown(tap: Tap, taken_fen: int) -> Trip:
    """Money collected for an entry that has not arrived: booked, and marked for a person."""
    return Trip(
        trip_id=digest("collected", tap.ref.terminal_id, tap.ref.epoch, tap.ref.seq),
        order_key=order_key(tap),
        taps=(tap.ref,),
        last=tap,
        origin="",
        destination="",
        entered_s=tap.time_s,
        exited_s=tap.time_s,
        completed_on=business_date(tap.time_s),
        how="missing_exit",
        fare_fen=taken_fen,
        charge_fen=taken_fen,
        tariff=tap.tariff,
        lines=(_difference_line(taken_fen),),
        remark="COLLECTED_UNKNOWN",
        proofs=() if tap.proof is None else (tap.proof,),
    )


def with_difference(trip: Trip, difference_fen: int) -> Trip:
    """A trip that carries what a gate took beyond (or below) its price, marked for a person."""
    return replace(
        trip,
        charge_fen=trip.charge_fen + difference_fen,
        lines=(*trip.lines, _difference_line(difference_fen)),
        remark="FARE_DIFFERS",
    )


def _difference_line(amount_fen: int) -> PriceLine:
    return PriceLine(kind="gate_difference", rule="purse", amount_fen=amount_fen, values={})
