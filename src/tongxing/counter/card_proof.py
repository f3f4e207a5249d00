"""The card on the counter's reader proves that it is here: it signs a purchase of nothing.

The serial is drawn anew for each touch and never leaves this visit, so no answer of before fits;
the issuer's vault alone can tell whether the card's code over it is right. Nothing is booked.
"""

from collections.abc import Callable

from tongxing.city.binding.card import begin_purchase, drawn_nonce, moment_of, read_purse
from tongxing.city.losing.values import ByCard
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.link import CardLink
from tongxing.media.card.terminal import finish
from tongxing.media.keys.vault import KeyVault
from tongxing.media.tac.single import check_tac

_SERIAL_BYTES = 4


def proven_card(
    card: CardLink,
    vault: KeyVault,
    city: str,
    terminal: str,
    draw: Callable[[int], bytes],
    clock: Callable[[], int],
) -> ByCard | Refusal:
    """The card in the field, proven by its own code over a fresh serial.

    Refuses CARD_PROOF_INVALID, and what card, reader and vault refuse.
    """
    seen = read_purse(card)
    if isinstance(seen, Refusal):
        return seen
    nonce = drawn_nonce(city, terminal, draw(_SERIAL_BYTES), clock())
    begun = begin_purchase(card, vault, seen.names, nonce, amount_fen=0)
    if isinstance(begun, Refusal):
        return begun
    unfinished, module = begun
    debit = finish(card, module, unfinished)
    if isinstance(debit, Refusal):
        return Refusal("CARD_PROOF_INVALID") if debit.code == "CARD_MAC" else debit
    fields, ids = debit.fields, seen.names.ids
    asked = (nonce.terminal_no, nonce.serial, nonce.time, ids.issuer8, ids.card8)
    signed = (
        fields.terminal_no, fields.serial, fields.time, fields.issuer_id, fields.card_factor,
    )  # fmt: skip
    right = check_tac(vault, fields, debit.tac)
    if isinstance(right, Refusal):
        return right
    if signed != asked or not right:
        return Refusal("CARD_PROOF_INVALID")
    proof_id = digest("card_proof", city, seen.number, nonce.serial, debit.tac.hex())
    return ByCard(seen.number, proof_id, moment_of(nonce.time))
