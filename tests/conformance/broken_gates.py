"""Our gate with one fault planted in it, each a mistake that a vendor easily makes.

``python broken_gates.py NAME FOLDER AHEAD_S`` runs in the place of the true one, with the same
orders on its standard input.
"""

import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tongxing.cli.gate.benching import child
from tongxing.deciding.recent import RecentTaps
from tongxing.gate import denylist, link, orders, reporting, site, touch, uplink
from tongxing.gate.clock import GateClock
from tongxing.gate.denylist import DenyIndex
from tongxing.gate.journal import Journal
from tongxing.gate.orders import OrderBook
from tongxing.gate.running import Runner
from tongxing.gate.site import Site
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.media.code import verify
from tongxing.messages import KeyRing, Receipt, envelope
from tongxing.messages.fleet import Orders

Plant = Callable[[Path], None]
FAULTS: dict[str, Plant] = {}


def planted(plant: Plant) -> Plant:
    """A fault by the name of its function."""
    FAULTS[plant.__name__] = plant
    return plant


def put(owner: Any, name: str, value: Any) -> Any:
    """Put something in the place of what is there; what was there."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    return before


@planted
def forgets_on_any_success(_folder: Path) -> None:
    """Whatever comes with HTTP 200 is taken for the receipt of the oldest batch."""

    def take(self: Site, message: bytes, now_s: int) -> int | Refusal:
        [oldest] = self.next_batches(1)
        count = len(self.journal.outgoing(1)[0].taps)
        receipt = Receipt(
            site=self.name,
            batch_sha256=sha256_hex(oldest),
            accepted=count,
            duplicates=0,
            quarantined=[],
        )
        return self.journal.acknowledge(receipt, now_s)

    put(Site, "take_receipt", take)


@planted
def believes_anybody(_folder: Path) -> None:
    """No signature is looked at."""
    put(KeyRing, "verify", lambda self, sender, signature, signed: True)


@planted
def takes_any_receipt(_folder: Path) -> None:
    """The signature is looked at, and what the receipt is for is not."""

    def take(self: Site, message: bytes, now_s: int) -> int | Refusal:
        [oldest] = self.next_batches(1)
        opened = site.unseal(message, Receipt, self._setup.city_keys)
        if isinstance(opened, Refusal):
            return opened
        count = len(self.journal.outgoing(1)[0].taps)
        meant = replace(opened[1], site=self.name, batch_sha256=sha256_hex(oldest), accepted=count)
        return self.journal.acknowledge(meant, now_s)

    put(Site, "take_receipt", take)


@planted
def takes_an_older_list(_folder: Path) -> None:
    """The newest message is the list, whatever version it has."""
    read = denylist.read_deny_list

    def any_version(message: bytes, keys: KeyRing, current: DenyIndex, *more: Any) -> Any:
        blank = DenyIndex.assembled(
            replace(current.head, version=0, count=0, total=0), denylist.Packer().finish()
        )
        found = read(message, keys, blank, *more)
        return read(message, keys, current, *more) if isinstance(found, Refusal) else found

    put(site, "read_deny_list", any_version)


@planted
def looks_at_no_days(_folder: Path) -> None:
    """A list is loaded whatever its days are."""
    put(denylist, "_outside_its_days", lambda head, now_s: None)


@planted
def checks_no_delta(_folder: Path) -> None:
    """What a delta leads to is not compared with what the city says."""

    class Same(str):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = str.__hash__

    put(denylist, "written", lambda total: Same("0" * 16))


@planted
def has_no_deny_list(_folder: Path) -> None:
    """The list is loaded and never asked."""
    put(DenyIndex, "reason", lambda self, medium_no: "")


@planted
def forgets_the_list(_folder: Path) -> None:
    """The list does not outlive a power cut."""
    load = site.load_list
    put(
        site,
        "load_list",
        lambda journal, city: (
            load(journal, city),
            DenyIndex.assembled(
                denylist.ListHead(
                    city=city, version=0, published_s=0, notices=(), count=0, total=0
                ),
                denylist.Packer().finish(),
            ),
        )[1],
    )


@planted
def opens_to_a_replay(_folder: Path) -> None:
    """No display is remembered."""
    put(RecentTaps, "has_shown", lambda self, token: False)
    put(RecentTaps, "last", lambda self, medium_no: None)


@planted
def forgets_displays(_folder: Path) -> None:
    """Displays are remembered until the power is cut."""
    put(Site, "_remember", lambda self: None)


@planted
def checks_no_signature_of_codes(_folder: Path) -> None:
    """A code is good when its fields are."""
    put(verify, "_signed", lambda code, issuer, now_s, sm2, caches: None)


@planted
def loses_taps(folder: Path) -> None:
    """Taps are kept in memory until they are sent."""
    _empty_storage(folder)


@planted
def numbers_anew(folder: Path) -> None:
    """After a power cut, numbers begin with 1 in the same epoch, whatever the city has."""
    _empty_storage(folder)
    put(child, "_new_epoch", lambda: 5)
    put(reporting, "_heed", lambda site, orders, new_epoch: None)


def _empty_storage(folder: Path) -> None:
    for path in folder.glob("journal.sqlite*"):
        path.unlink()


@planted
def seals_anew(_folder: Path) -> None:
    """What is sent again is sealed again, with other bytes."""
    encode, count = envelope.encode, itertools.count(1)
    put(envelope, "encode", lambda body: encode(body) + b" " * next(count))


@planted
def keeps_refusals_to_itself(_folder: Path) -> None:
    """Only what opened is written down."""
    append = Journal.append

    def opened_only(self: Journal, tap: Any, settles: str = "") -> Any:
        return append(self, tap, settles) if tap.outcome == "opened" else tap

    put(Journal, "append", opened_only)


@planted
def writes_another_station(_folder: Path) -> None:
    """Taps name the station where the gate was built."""
    tap_of = touch.tap_of
    put(touch, "tap_of", lambda *given: replace(tap_of(*given), station="factory"))


@planted
def does_what_is_over(_folder: Path) -> None:
    """An order is done whatever its time."""
    put(orders, "_outcome", lambda order, book, city_s: "taken")


@planted
def obeys_any_answer(_folder: Path) -> None:
    """Which heartbeat an answer is for is not looked at."""

    def opened(self: Any, answer: Any, told: Any) -> Any:
        found = uplink.unseal(answer.body or b"", Orders, self._setup.city_keys)
        return found if isinstance(found, Refusal) else found[1]

    put(uplink.Uplink, "_opened", opened)


@planted
def forgets_orders(_folder: Path) -> None:
    """An order does not outlive a power cut."""
    put(OrderBook, "open", classmethod(lambda cls, journal: cls(journal, orders._Book())))


@planted
def believes_its_clock(_folder: Path) -> None:
    """What the machine's clock shows at the start is the time."""
    put(GateClock, "_look", lambda self, wall_s, good_s: "believed")
    put(GateClock, "refusal", lambda self, mono_s: None)


@planted
def asks_before_opening(_folder: Path) -> None:
    """A lane opens when the city has the tap."""
    put(link, "ANSWER_S", 8.0)
    present = Runner.present

    def after_upload(self: Runner, terminal: str, medium: Any) -> Any:
        decision = present(self, terminal, medium)
        for message in self.ask(lambda found: found.next_batches(1)):
            link.Link(self.plan.device.facts.address).post(uplink.BATCHES, message)
        return decision

    put(Runner, "present", after_upload)


if __name__ == "__main__":
    FAULTS[sys.argv[1]](Path(sys.argv[2]))
    sys.exit(child.main(Path(sys.argv[2]), int(sys.argv[3]), sys.stdin, sys.stdout))
