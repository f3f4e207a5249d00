"""What ``case_terms.toml`` says of disputes: stages, steps, endings, fees; checked when it is read.

A table that names a stage or ending it does not have, or from which a case could fail to end, is
refused before any case is opened under it.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Literal, NamedTuple

import msgspec

from tongxing.messages import CaseActKind
from tongxing.messages.records import How

Side = Literal["issuer", "acquirer"]
Turn = Literal["issuer", "acquirer", "other", "hub"]
Actor = Literal["issuer", "acquirer", "other", "opener", "hub"]
Money = Literal["", "back", "more", "pool"]
FeeKind = Literal["", "error", "arbitration"]
Bearer = Literal["", "issuer", "acquirer", "silent", "loser"]

GRANTED, NOT_GRANTED, WEIGHED = "granted", "not_granted", "weighed"
"""A small claim leads to WEIGHED, which is one of the two endings before it."""

HourText = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Days = Annotated[int, msgspec.Meta(ge=0, le=400)]
Fen = Annotated[int, msgspec.Meta(ge=0)]
_Points = Annotated[int, msgspec.Meta(ge=1, le=100)]


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An act that opens a case; the file explains the fields. `amount_max_fen` 0: any amount."""

    act: CaseActKind
    by: tuple[Side, ...]
    within_days: Days
    to: str
    evidence: bool = False
    says_amount: bool = False
    says_reason: bool = False
    once: bool = False
    amount_max_fen: Fen = 0
    codes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a case may stand, and what silence makes of it."""

    name: str
    turn: Turn
    days: Days
    silence: str
    bank_days: bool = False


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"stages": "from"}):
    """An act that moves an open case on. `two_persons_above_fen` is for a ruling whose bound is not
    that of all others."""

    act: CaseActKind
    stages: tuple[str, ...]
    by: Actor
    to: str
    evidence: bool = False
    says_amount: bool = False
    says_reason: bool = False
    once: bool = False
    two_persons_above_fen: Fen | None = None


class Ending(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a case ends, and what money that moves."""

    name: str
    escrow: Literal["", "issuer", "acquirer", "ruling"] = ""
    money: Money = ""
    fee: FeeKind = ""
    borne_by: Bearer = ""


class Weight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fact of a record that counts for one side of a small claim."""

    fact: str
    means: str
    side: Side
    points: _Points
    how: tuple[How, ...] = ()
    codes: tuple[str, ...] = ()


class Asked(NamedTuple):
    """What a step or an opening asks of whoever takes it."""

    evidence: bool
    amount: bool
    reason: bool
    once: bool


class DisputeTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One version of the ladder."""

    ends_at: HourText
    error_fee_fen: Fen
    arbitration_fee_fen: Fen
    two_persons_above_fen: Fen
    freeze_days: Days
    freezes_most: Annotated[int, msgspec.Meta(ge=0, le=10)]
    opening: tuple[Opening, ...]
    stage: tuple[Stage, ...]
    step: tuple[Step, ...]
    ending: tuple[Ending, ...]
    weight: tuple[Weight, ...]

    def __post_init__(self) -> None:
        if fault := next(self._faults(), ""):
            raise ValueError(f"case terms: {fault}")

    @cached_property
    def stages(self) -> Mapping[str, Stage]:
        return {stage.name: stage for stage in self.stage}

    @cached_property
    def endings(self) -> Mapping[str, Ending]:
        return {ending.name: ending for ending in self.ending}

    def opening_of(self, act: str) -> Opening | None:
        """What opens a case by this act."""
        return next((opening for opening in self.opening if opening.act == act), None)

    def steps_from(self, stage: str) -> list[Step]:
        """The steps that a stage offers."""
        return [step for step in self.step if stage in step.stages]

    def fee_fen(self, kind: FeeKind) -> int:
        """What a fee comes to."""
        amounts = {"": 0, "error": self.error_fee_fen, "arbitration": self.arbitration_fee_fen}
        return amounts[kind]

    def _faults(self) -> Iterator[str]:
        """Names without a meaning, money without a stage that put it there, silence in a ring."""
        known = self.stages.keys() | self.endings.keys()
        for name in (*self.stages, *self.endings):
            if name in self.stages and name in self.endings:
                yield f"{name} is a stage and an ending"
        leads: list[tuple[str, str]] = [(item.act, item.to) for item in self.opening]
        leads += [(item.act, item.to) for item in self.step]
        leads += [(stage.name, stage.silence) for stage in self.stage]
        for origin, to in leads:
            targets = (GRANTED, NOT_GRANTED) if to == WEIGHED else (to,)
            if not known.issuperset(targets):
                yield f"{origin} leads to {to}, which is not there"
        for step in self.step:
            if not self.stages.keys() >= set(step.stages):
                yield f"{step.act} begins where no stage is"
        for ending in self.ending:
            if bool(ending.fee) != bool(ending.borne_by):
                yield f"{ending.name} has a fee or a bearer without the other"
        if ring := self._ring():
            yield f"cases can go round and round through {ring}"

    def _ring(self) -> str:
        """A stage that steps and silence lead back to; "" when every way ends."""
        after = {
            stage.name: {stage.silence, *(step.to for step in self.steps_from(stage.name))}
            & self.stages.keys()
            for stage in self.stage
        }
        while ended := [name for name, to in after.items() if not to & after.keys()]:
            for name in ended:
                del after[name]
        return next(iter(after), "")
