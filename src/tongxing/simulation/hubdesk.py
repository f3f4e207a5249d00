"""The clearing house in the simulation: the production `Hub`, at a desk of its own.

It works beside the streets, so that files are judged while people still travel. Nothing here does
anything that `Hub` does not do.
"""

from tongxing.city import acquirer_member
from tongxing.hub import (
    Confirmation,
    Hub,
    HubStore,
    MemberCity,
    NetworkGround,
    Payment,
    WindowClosing,
    load_rulebook,
    members_of,
)
from tongxing.hub.signatures import SignatureWitness
from tongxing.kernel.reasons import Refusal
from tongxing.ledger.store import balance
from tongxing.network import load_registry
from tongxing.simulation.hosting import Report
from tongxing.simulation.keys import HUB, key_ring, signing_key
from tongxing.simulation.real_media import RunMedia
from tongxing.simulation.scenario import load_scenario
from tongxing.storage import Database


class HubDesk:
    """One hub over its store. Each method is one call of `Hub`, named like it."""

    def __init__(self, dsn: str, seed: int, codes: tuple[str, ...], hear: Report) -> None:
        del hear  # the desk has nothing to report: its answers say everything
        self._store = HubStore(Database(dsn))
        media = RunMedia(seed, load_scenario())
        self._hub = Hub(
            self._store,
            signing_key(seed, HUB),
            key_ring(seed, [acquirer_member(code) for code in codes]),
            load_rulebook(),
            NetworkGround(load_registry()),
            SignatureWitness(media.vault, media.trust),
        )

    def enrol(self, cities: list[MemberCity], now_s: int) -> Refusal | None:
        return self._hub.enrol(members_of(cities), now_s)

    def receive_file(self, manifest: bytes, data: bytes, received_s: int) -> bytes | Refusal:
        return self._hub.receive_file(manifest, data, received_s)

    def close_window(self, window_id: str, now_s: int) -> WindowClosing | Refusal:
        return self._hub.close_window(window_id, now_s)

    def payments_to_send(self, window_id: str) -> list[Payment]:
        return self._hub.payments_to_send(window_id)

    def confirm_payment(self, report: bytes, received_s: int) -> Confirmation | Refusal:
        return self._hub.confirm_payment(report, received_s)

    def at_bank_fen(self) -> int:
        """What the hub's books say lies at the bank."""
        with self._store.reading() as cursor:
            return balance(cursor, HUB, "settle_bank")

    def close(self) -> None:
        self._store.close()
