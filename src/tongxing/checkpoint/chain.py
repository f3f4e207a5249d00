"""The chain of checkpoints: each names the one before it, and the log of files only grows.

Whoever keeps the checkpoints that were published sees by them alone when the hub tells somebody
else another story. Nothing here opens the books.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tongxing.checkpoint.checkpoints import Checkpoint, checkpoint_name, open_checkpoint
from tongxing.checkpoint.notes import Keys
from tongxing.checkpoint.tree import consistent
from tongxing.kernel.reasons import Refusal


@dataclass(frozen=True, slots=True)
class Link:
    """A checkpoint of a chain, where it was read and the name the next one calls it by."""

    where: str
    checkpoint: Checkpoint
    sha256: str


def check_chain(notes: Mapping[str, bytes], keys: Keys) -> list[Link] | Refusal:
    """The links of a chain in order of window, from notes by where they were read, in any order;
    the same checkpoint twice is one link. Each has to be signed by the key of its window.

    Refuses with the reasons of `open_checkpoint`, with CHAIN_FORKED (two checkpoints of one
    window), CHAIN_ROLLED_BACK (one that follows an older one than the last before it), CHAIN_GAP
    (one between two is missing) and CHAIN_FILES (the log of files was not only added to). The
    first link need not be the hub's first.
    """
    links: dict[str, Link] = {}
    for where, note in notes.items():
        found = open_checkpoint(note, keys)
        if isinstance(found, Refusal):
            return Refusal(found.code, where, dict(found.values))
        link = Link(where, found, checkpoint_name(note))
        seen = links.setdefault(found.window_id, link)
        if seen.sha256 != link.sha256:
            return Refusal("CHAIN_FORKED", where, _values(seen, link))
    ordered = [links[window_id] for window_id in sorted(links)]
    for position in range(1, len(ordered)):
        refusal = _follows(ordered[:position], ordered[position])
        if refusal is not None:
            return refusal
    return ordered


def first_of_all(link: Link) -> bool:
    """Whether a link is the first that its hub ever signed."""
    return not link.checkpoint.previous_sha256


def _follows(before: list[Link], link: Link) -> Refusal | None:
    last, now = before[-1], link.checkpoint
    if now.previous_sha256 != last.sha256:
        older = {last.checkpoint.previous_sha256, "", *(item.sha256 for item in before[:-1])}
        code = "CHAIN_ROLLED_BACK" if now.previous_sha256 in older else "CHAIN_GAP"
        return Refusal(code, link.where, _values(last, link))
    files = last.checkpoint.files
    if not consistent(files.size, files.root, now.files.size, now.files.root, now.grown):
        return Refusal("CHAIN_FILES", link.where, _values(last, link))
    return None


def _values(before: Link, link: Link) -> dict[str, object]:
    return {"window": link.checkpoint.window_id, "before": before.checkpoint.window_id}
