"""Purse chains: what a card's own counter and balance say about records that are missing or forged.

For one card in order of its counter, the balance before a purchase is the balance after the one
before it, plus what was loaded between. A counter that appears with two contents is a *fork*: a
cloned card or a purse that was rolled back. Counters that follow one another while money is gone
between them are *broken*. A counter that is skipped is a *gap*: a record is still missing, and
this is known before anyone complains.

What a card signed it spent, whether its money is paid or not: a row that is rejected, for it came
too late say, tells of its purchase like any other, which is then *seen, not paid*. A row whose
signature is wrong tells nothing.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from tongxing.messages import CardProof, Record

Fault = Literal["fork", "broken"]


class Link(NamedTuple):
    """One purchase as a card signed it. `mark` is what the card signed, so that the same purchase
    told twice is one link; the balances are in fen. `stands` is whether a record that stands tells
    it: else it was seen, and is not paid."""

    card: str
    counter: int
    before_fen: int
    amount_fen: int
    mark: str
    record_id: str
    stands: bool = True

    @property
    def after_fen(self) -> int:
        return self.before_fen - self.amount_fen


class Gap(NamedTuple):
    """Purchases of a card that the hub has not seen: counters from `first` to `last`."""

    card: str
    first: int
    last: int


Chains = Mapping[str, Sequence[Link]]
"""The links known of each card, in order of counter."""


def links_of(record: Record) -> list[Link]:
    """What a record's cards signed of it. A withdrawn record repeats the one before and says
    nothing new."""
    if record.how == "void":
        return []
    return [_link(proof, record.record_id) for proof in record.proofs]


def add_links(chains: Chains, links: Iterable[Link]) -> dict[str, list[Link]]:
    """The chains with more links; a purchase that is known stays as it was first told, unless it
    was only seen and a record that stands tells it now."""
    grown = {card: list(known) for card, known in chains.items()}
    for link in links:
        known = grown.setdefault(link.card, [])
        same = [seen for seen in known if (seen.counter, seen.mark) == (link.counter, link.mark)]
        if any(seen.stands or not link.stands for seen in same):
            continue
        known[:] = [seen for seen in known if seen not in same]
        known.append(link)
        known.sort(key=lambda seen: (seen.counter, seen.mark))
    return grown


def believed_links(records: Iterable[Record], wrong: Container[str]) -> list[Link]:
    """The links of records but those whose signature is wrong: these prove nothing of a card."""
    return [
        link for record in records if record.record_id not in wrong for link in links_of(record)
    ]


def fault_of(link: Link, chains: Chains) -> tuple[Fault, Link] | None:
    """What is wrong between a purchase and its neighbours, and with which of them."""
    known = chains.get(link.card, ())
    for seen in known:
        if seen.counter == link.counter and seen.mark != link.mark:
            return "fork", seen
    for seen in known:
        if seen.counter == link.counter - 1 and link.before_fen < seen.after_fen:
            return "broken", seen
        if seen.counter == link.counter + 1 and seen.before_fen < link.after_fen:
            return "broken", seen
    return None


class Fork(NamedTuple):
    """A record that stands whose purchase another one (`other_id`) contradicts."""

    record_id: str
    counter: int
    other_id: str


def forks_with(links: Iterable[Link], chains: Chains) -> list[Fork]:
    """The known purchases of records that stand whose counters these links have for something else,
    each once, in order of record."""
    found: dict[str, Fork] = {}
    for link in sorted(links):
        for seen in chains.get(link.card, ()):
            if seen.counter == link.counter and seen.mark != link.mark and seen.stands:
                fork = Fork(seen.record_id, link.counter, link.record_id)
                found.setdefault(seen.record_id, fork)
    return [found[record_id] for record_id in sorted(found)]


def gaps_of(chains: Chains) -> list[Gap]:
    """The counters that no record has told of, between the first and the last seen of each card."""
    found = []
    for card in sorted(chains):
        counters = sorted({link.counter for link in chains[card]})
        for earlier, later in pairwise(counters):
            if later > earlier + 1:
                found.append(Gap(card, earlier + 1, later - 1))
    return found


def _link(proof: CardProof, record_id: str) -> Link:
    mark = f"{proof.terminal_no.hex()}{proof.serial:08x}{proof.time}{proof.tac.hex()}"
    return Link(
        card=proof.number,
        counter=proof.counter,
        before_fen=proof.balance_before_fen,
        amount_fen=proof.amount_fen,
        mark=f"{mark}/{proof.amount_fen}",
        record_id=record_id,
    )
