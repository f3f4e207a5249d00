"""What the hub tells the pages, turned to the reader's view: a member receives (+) or pays (-).

The hub counts from its own side, where a positive net is a debt to it; every page counts from the
member's. The change of sign happens here and nowhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tongxing.console.figures import Matrix, matrix
from tongxing.console.names import city_of
from tongxing.console.pictures.flow import FlowPicture, Link, flow_picture
from tongxing.console.reading import Snapshot
from tongxing.hub import load_rulebook
from tongxing.hub import views as hub
from tongxing.hub.store.windows import window_state
from tongxing.hub.windows import WindowState, window_of, window_times
from tongxing.kernel.clock import business_day_end
from tongxing.kernel.reasons import Problem

OTHERS = "others:"
NAMED_MAX = 6


@dataclass(frozen=True, slots=True)
class Positions:
    """Who receives and who pays in a window; `fen` of each is from the member's own view.
    `hub_cases_fen` is what disputes brought to the hub: escrow, pool and fees."""

    rows: tuple[tuple[str, int], ...]
    hub_fee_fen: int
    hub_cases_fen: int = 0

    @property
    def hub_fen(self) -> int:
        return self.hub_fee_fen + self.hub_cases_fen

    @property
    def receivable_fen(self) -> int:
        return sum(fen for _, fen in self.rows if fen > 0)

    @property
    def payable_fen(self) -> int:
        return -sum(fen for _, fen in self.rows if fen < 0)

    @property
    def is_even(self) -> bool:
        """Whether what is paid in is what is paid out, what the hub keeps included."""
        return self.payable_fen == self.receivable_fen + self.hub_fen


@dataclass(frozen=True, slots=True)
class Settled:
    """The window of a business day in short; `positions` are None until it has been netted."""

    window_id: str
    state: WindowState
    cutoff_s: int
    records: int
    delta_fen: int
    held: int
    rejected: int
    positions: Positions | None


def all_windows(snapshot: Snapshot) -> list[hub.WindowLine]:
    """Every window, newest first; none without a hub."""
    return hub.windows(snapshot.of_hub()) if snapshot.has_hub else []


def find_window(snapshot: Snapshot, window_id: str) -> hub.WindowLine:
    """One window. Raises Problem(WINDOW_UNKNOWN)."""
    for line in all_windows(snapshot):
        if line.window_id == window_id:
            return line
    raise Problem("WINDOW_UNKNOWN", window=window_id[:60])


def settled_of(snapshot: Snapshot, day: date) -> Settled | None:
    """The window that takes the record files of a business day; None before the first file came.

    Which one it is follows from the day alone: the files are sent when the day has ended.
    """
    rules = load_rulebook()
    window_id = window_of(business_day_end(day), rules)
    state = window_state(snapshot.of_hub(), window_id) if snapshot.has_hub else None
    if state is None:
        return None
    cutoff_s = window_times(window_id, rules).cutoff_s
    if state is WindowState.OPEN:
        return Settled(window_id, state, cutoff_s, 0, 0, 0, 0, None)
    cells = hub.matrix(snapshot.of_hub(), window_id, rules.fee)
    files = hub.files(snapshot.of_hub(), window_id)
    return Settled(
        window_id,
        state,
        cutoff_s,
        sum(cell.records for cell in cells),
        sum(cell.delta_fen for cell in cells),
        sum(file.held for file in files),
        sum(file.rejected for file in files),
        positions_of(snapshot, window_id),
    )


def positions_of(snapshot: Snapshot, window_id: str) -> Positions:
    """The positions of a window, those who pay most first."""
    cursor, fee = snapshot.of_hub(), load_rulebook().fee
    rows = [(line.member, -line.net_fen) for line in hub.positions(cursor, window_id, fee)]
    cells = hub.matrix(cursor, window_id, fee)
    rows.sort(key=lambda row: (row[1], row[0]))
    fee_fen = sum(cell.fee_hub_fen for cell in cells)
    return Positions(tuple(rows), fee_fen, hub.hub_moves_fen(cursor, window_id))


def trip_matrix(cells: Sequence[hub.Cell]) -> Matrix:
    """The money of the trips: issuer by acquirer."""
    return matrix((cell.issuer, cell.acquirer, cell.delta_fen) for cell in cells)


def money_picture(cells: Sequence[hub.Cell], operators: Sequence[hub.OperatorLine]) -> FlowPicture:
    """Issuers pay, acquirers pass on, operators earn: the trips' money before fees.

    Of each acquirer's operators the largest are named; the rest are one party, OTHERS and the
    acquirer's id.
    """
    earning: list[Link] = []
    for acquirer in dict.fromkeys(line.acquirer for line in operators):
        own = sorted(
            (line for line in operators if line.acquirer == acquirer),
            key=lambda line: (-line.share_fen, line.operator),
        )
        earning += [Link(acquirer, line.operator, line.share_fen) for line in own[:NAMED_MAX]]
        rest = sum(line.share_fen for line in own[NAMED_MAX:])
        earning.append(Link(acquirer, OTHERS + acquirer, rest))
    paying = [Link(cell.issuer, cell.acquirer, cell.delta_fen) for cell in cells]
    return flow_picture([paying, earning], group=_city_or_none)


def _city_or_none(party: str) -> str:
    """The city of a member, so that its issuer and its acquirer have one colour."""
    return city_of(party) if party.startswith(("ISS-", "ACQ-")) else ""
