"""What is on a card, proven: it begins a load that is never ended, and signs its balance for that.

A balance that is read is a claim of whoever holds the reader. In the answer to INITIALIZE FOR LOAD
the card signs balance and counter (MAC1), over a terminal number and an amount that were drawn for
this touch, so that no answer of before fits. Nothing is loaded and nothing on the card changes.
"""

from collections.abc import Callable
from dataclasses import replace

from tongxing.city.binding.card import Nonce, PurseNames, PurseSeen
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.apdu import Command
from tongxing.media.card.link import CardLink
from tongxing.media.card.terminal import IssuerHost, LoadRequest
from tongxing.media.card.terminal.load import INIT_ANSWER_BYTES
from tongxing.media.card.terminal.model import TERMINAL_BYTES
from tongxing.media.card.terminal.talking import exchange
from tongxing.media.keys.vault import KeyVault

DRAWN_BYTES = TERMINAL_BYTES + 1
_KEY_INDEX = 1
_MONEY = 0x7FFF_FFFF
_VAULT_CANNOT = ("KEYVAULT_KEY", "KEYVAULT_POLICY", "KEY_ALGORITHM_UNSUPPORTED")


def vouched(
    card: CardLink,
    vault: KeyVault,
    seen: PurseSeen,
    nonce: Nonce,
    draw: Callable[[int], bytes],
    *,
    ours: bool,
) -> PurseSeen | Refusal:
    """The card in the field with its balance vouched for: signed by the card, or, where card or
    vault cannot do that, read by a reader that is `ours`. Its application is selected.

    A card that only claims its balance over somebody else's reader is not vouched for. Refuses
    CARD_PROOF_INVALID when a signature is wrong or says another balance, and what keeps the card
    from answering.
    """
    proven = _signed_balance(card, vault, seen.names, nonce, draw(DRAWN_BYTES))
    if isinstance(proven, Refusal):
        return proven
    if proven is None:
        return replace(seen, vouched=ours)
    if proven != seen.balance_fen:
        return Refusal("CARD_PROOF_INVALID")
    return replace(seen, vouched=True)


def _signed_balance(
    card: CardLink, vault: KeyVault, names: PurseNames, nonce: Nonce, drawn: bytes
) -> int | Refusal | None:
    """The balance that the card signs; None where it begins no load, or its key is not ours."""
    terminal_no, amount_fen = drawn[:TERMINAL_BYTES], 1 + drawn[TERMINAL_BYTES]
    data = bytes((_KEY_INDEX,)) + amount_fen.to_bytes(4, "big") + terminal_no
    answer = exchange(card, Command(0x80, 0x50, 0x00, 0x02, data, INIT_ANSWER_BYTES))
    if isinstance(answer, Refusal):
        return answer
    if not answer.ok:
        return None
    if len(answer.data) != INIT_ANSWER_BYTES:
        return Refusal("CARD_RESPONSE_LENGTH", values={"length": len(answer.data)})
    told = answer.data
    request = LoadRequest(
        order="",
        ids=names.ids,
        amount_fen=amount_fen,
        terminal_no=terminal_no,
        time=nonce.time,
        balance_before_fen=int.from_bytes(told[:4], "big"),
        counter_before=int.from_bytes(told[4:6], "big"),
        key_version=told[6],
        algorithm=told[7],
        random4=told[8:12],
        mac1=told[12:],
    )
    right = IssuerHost(vault).seen(request)
    if not isinstance(right, Refusal):
        return request.balance_before_fen & _MONEY
    if right.code in _VAULT_CANNOT:
        return None
    return Refusal("CARD_PROOF_INVALID") if right.code in ("CARD_MAC", "TAC_FIELDS") else right
