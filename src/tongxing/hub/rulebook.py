"""The rulebook: every number the clearing house works by, read from one versioned file.

No rule may stand in code: a network of cities brings its own file. The SHA-256 of the file goes
with each window it was used for.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from tongxing.hub.verdicts import code_table
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Problem

FEE_SHARES = 100
"""The shares of the fee are hundredths of it, so that none of it is left without an owner."""

_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A section of the file: unknown keys are refused."""


class WindowRules(_Part, frozen=True):
    """China wall-clock times of a window, as seconds after midnight."""

    cutoff: str
    statement: str
    debtors_pay: str
    creditors_paid: str
    operators_paid: str

    def second_of_day(self, name: str) -> int:
        """A time of this section in seconds after midnight: ``12:30`` is 45,000."""
        hours, minutes = getattr(self, name).split(":")
        return int(hours) * 3600 + int(minutes) * 60


class LatenessRules(_Part, frozen=True):
    """Days from a trip's business day to the arrival of its record."""

    mark_from_days: int
    reject_after_days: int
    recovery_until_days: int


class ClockRules(_Part, frozen=True):
    """How far a terminal's clock may run ahead of the hub's."""

    future_tolerance_s: int


class AmountRules(_Part, frozen=True):
    """The most one trip may cost before a person looks at it."""

    charge_max_fen: int


class HeldRules(_Part, frozen=True):
    """How long a record may wait for evidence."""

    days: int


class FileLimits(_Part, frozen=True):
    """What a record file may weigh, packed and unpacked."""

    manifest_bytes_max: int
    data_bytes_max: int
    expanded_bytes_max: int
    expansion_ratio_max: int
    rows_max: int
    line_bytes_max: int


class FeeRules(_Part, frozen=True):
    """The clearing fee in parts per million of the net base, and how it is shared. Between cities
    of one province `province_ppm` is the rate, where it is set."""

    local_ppm: int
    cross_city_ppm: int
    share_issuer: int
    share_acquirer: int
    share_hub: int
    province_ppm: int | None = None

    def ppm(self, *, is_cross_city: bool, is_same_province: bool) -> int:
        """The rate between an issuer and an acquirer."""
        if not is_cross_city:
            return self.local_ppm
        has_own = is_same_province and self.province_ppm is not None
        return self.province_ppm or 0 if has_own else self.cross_city_ppm


SettlementModel = Literal["multilateral", "bilateral", "gross"]


class SettlementRules(_Part, frozen=True):
    """Which payments settle a window (`instructions.obligations`)."""

    model: SettlementModel = "multilateral"


class _File(_Part, frozen=True):
    version: str
    profile: str
    window: WindowRules
    lateness: LatenessRules
    clock: ClockRules
    amount: AmountRules
    held: HeldRules
    file: FileLimits
    fee: FeeRules
    acceptance: dict[str, str]
    settlement: SettlementRules = SettlementRules()


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules of the hub, with the version and the SHA-256 of the file they came from."""

    version: str
    sha256: str
    window: WindowRules
    lateness: LatenessRules
    clock: ClockRules
    amount: AmountRules
    held: HeldRules
    file: FileLimits
    fee: FeeRules
    acceptance: Mapping[str, str]
    settlement: SettlementRules

    def code_of_refusal(self, reason: str) -> str:
        """The verdict code of a reason why a medium was not accepted."""
        return self.acceptance.get(reason, self.acceptance["otherwise"])


@cache
def load_rulebook() -> Rulebook:
    """The rulebook that comes with the project (profile "open-default")."""
    return parse_rulebook(files("tongxing.hub.data").joinpath("rulebook.toml").read_bytes())


def parse_rulebook(content: bytes) -> Rulebook:
    """The rules of a file.

    Raises Problem(RULEBOOK_INVALID) naming the first thing wrong, Problem(SHARE_SUM) when the
    shares of the fee do not make up the whole of it.
    """
    try:
        raw = msgspec.convert(tomllib.loads(content.decode("utf-8")), _File)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Problem("RULEBOOK_INVALID", detail=str(error)) from error
    fault = _first_fault(raw)
    if fault:
        raise Problem("RULEBOOK_INVALID", detail=fault)
    shares = raw.fee.share_issuer + raw.fee.share_acquirer + raw.fee.share_hub
    if shares != FEE_SHARES:
        values = {"what": "fee.share_*", "found": shares, "wanted": FEE_SHARES}
        raise Problem("SHARE_SUM", "fee", **values)
    return Rulebook(
        version=raw.version,
        sha256=sha256_hex(content),
        window=raw.window,
        lateness=raw.lateness,
        clock=raw.clock,
        amount=raw.amount,
        held=raw.held,
        file=raw.file,
        fee=raw.fee,
        acceptance=raw.acceptance,
        settlement=raw.settlement,
    )


def _first_fault(raw: _File) -> str:
    """What a reader of types alone does not see."""
    times = [getattr(raw.window, name) for name in raw.window.__struct_fields__]
    if not all(_TIME_OF_DAY.fullmatch(time) for time in times):
        return "window: times are HH:MM"
    if sorted(times) != times:
        return "window: cutoff, statement, debtors, creditors and operators must follow in time"
    days = raw.lateness
    if not 0 < days.mark_from_days <= days.reject_after_days <= days.recovery_until_days:
        return "lateness: the three limits must rise"
    fee = raw.fee
    shares = (fee.share_issuer, fee.share_acquirer, fee.share_hub)
    rates = (fee.local_ppm, fee.cross_city_ppm, fee.province_ppm or 0)
    if min(*rates, *shares) < 0 or sum(shares) == 0:
        return "fee: rates and shares must not be negative, nor all shares zero"
    unknown = [code for code in raw.acceptance.values() if code not in code_table()]
    if unknown or "otherwise" not in raw.acceptance:
        return f"acceptance: no such verdict code {unknown}, or no `otherwise`"
    return ""
