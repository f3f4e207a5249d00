"""What a device tells its city of itself, and what it does with the answer. In its own thread."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from tongxing.gate.fetching import published
from tongxing.gate.site import Site
from tongxing.kernel.reasons import Refusal
from tongxing.messages import TapRef
from tongxing.messages.fleet import WAITING_NAMED_MAX, Heartbeat, Orders, TapRange

NOTHING_REFUSED: Mapping[str, str] = {}
_NUMBER = "heartbeat"


def next_number(site: Site, at_least: int) -> int | Refusal:
    """The number of a heartbeat, above all before it also after a restart whose clock was reset.

    Refuses what the journal refuses to read. A disk that is full holds up no heartbeat.
    """
    kept = site.journal.kept(_NUMBER)
    if isinstance(kept, Refusal):
        return kept
    number = max(at_least, int(kept or b"0") + 1)
    site.journal.keep(_NUMBER, str(number).encode())
    return number


def heartbeat_of(
    site: Site,
    *,
    number: int,
    now_s: int,
    software: str,
    offset_s: int | None,
    refused: Mapping[str, str] = NOTHING_REFUSED,
) -> Heartbeat | Refusal:
    """How a device is now; `refused` are the batches that the city would not take, with its reason.
    Refuses what its journal refuses.

    Batches that are sealed already are named by their hash: the city takes what it has heard of so
    even if this device is revoked before it arrives.
    """
    site.lists.at(now_s)  # one whose time has come is in force before it is told
    state = site.journal.state(WAITING_NAMED_MAX)
    if isinstance(state, Refusal):
        return state
    return Heartbeat(
        device=site.name,
        number=number,
        sent_s=now_s,
        software=software,
        lists=site.versions(now_s),
        tariff=site.tariff_name(now_s),
        waiting_taps=state.waiting_taps,
        waiting_batches=state.waiting_batches,
        events=site.events.waiting(),
        counts=state.counts,
        free_bytes=free_bytes(site.journal.path),
        clock_offset_s=offset_s,
        mode=site.orders.mode(now_s),
        done=site.orders.answers(),
        expired=site.expired(now_s),
        last_order=site.orders.last_no,
        published=published(site, now_s),
        refused={name: refused[name] for name in state.waiting_batches if name in refused},
    )


def obey(
    site: Site, *, orders: Orders, told: Heartbeat, now_s: int, new_epoch: int
) -> list[Refusal]:
    """Do what the answer to a heartbeat says; what could not be done comes again by itself."""
    refusals = [
        site.orders.told(told.done),
        site.events.told(told.events),
        site.orders.take(orders.orders, orders.time_s, now_s),
        *(_send_again(site, one) for one in orders.missing),
        _heed(site, orders, new_epoch),
    ]
    return [refusal for refusal in refusals if refusal is not None]


def free_bytes(path: Path) -> int:
    """The room on the disk that holds a journal; 0 when it cannot be told."""
    try:
        return shutil.disk_usage(os.fspath(path.parent)).free
    except OSError:
        return 0


def _send_again(site: Site, asked: TapRange) -> Refusal | None:
    """The city lacks these. Those that never had a receipt go up in their turn; if any that is
    still here did have one, the city was restored from a backup, and all that had one goes up
    again, from the first that is asked for on. The first may itself be forgotten, or be refused."""
    had_one = site.journal.had_receipt(asked)
    if isinstance(had_one, Refusal) or not had_one:
        return had_one or None
    answer = site.journal.resend_from(TapRef(asked.terminal_id, asked.epoch, asked.first))
    return answer if isinstance(answer, Refusal) else None


def _heed(site: Site, orders: Orders, new_epoch: int) -> Refusal | None:
    marks = {
        mark.terminal_id: TapRef(mark.terminal_id, mark.epoch, mark.last_seq)
        for mark in orders.marks
        if mark.last_seq
    }
    answer = site.journal.heed_marks(marks, new_epoch) if marks else None
    return answer if isinstance(answer, Refusal) else None
