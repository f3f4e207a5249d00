"""The hub's own key is changed by two persons; every window is signed by the key that is due."""

from datetime import timedelta

import psycopg
import pytest
from hub_world import DAY, HUB_KEY, RULES, TRUSTED, World, ride

from tongxing.checkpoint import check_chain, check_proof, verifier_of
from tongxing.hub import Hub, WindowClosing, prove_hub
from tongxing.hub.keys import HubKeys, KeyDesk, NewKey, known_keys, own_ring_of
from tongxing.hub.signing import record_proof
from tongxing.hub.store.checkpoints import load_checkpoints
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.messages import Record, SigningKey, VerdictFile, unseal

SECOND, THIRD = (SigningKey.from_secret(HUB_KEY.sender, secret * 32) for secret in (b"2", b"3"))
W = ["W20260318", "W20260319", "W20260320"]
NOW_S = at(DAY + timedelta(days=1), 6)  # in the first window
CUTOFF_S = at(DAY + timedelta(days=1), 12)
DAY_S = 86_400


def hub_of(world: World, *keys: SigningKey) -> Hub:
    return Hub(world.store, HubKeys(keys), TRUSTED, RULES, world.ground)


def said(
    world: World, by: str, new: NewKey, now_s: int, *keys: SigningKey
) -> tuple[str, bool] | str:
    found = KeyDesk(world.store, HubKeys(keys or (HUB_KEY,)), RULES).change(new, by, now_s)
    return (
        found.code if isinstance(found, Refusal) else (found.from_window, bool(found.confirmed_by))
    )


def present(world: World, hub: Hub, record: Record, received_s: int) -> None:
    """A file whose answer any key of the hub has sealed."""
    sender = world.senders[record.acquirer]
    manifest, data = sender.file([record])
    answer = hub.receive_file(manifest, data, received_s)
    assert isinstance(answer, bytes), answer
    sender.took(manifest)
    ring = own_ring_of(world.store, HubKeys([HUB_KEY]))
    assert not isinstance(unseal(answer, VerdictFile, ring), Refusal)


def broken(world: World) -> list[str]:
    with world.store.reading() as cursor:
        return [proof.name for proof in prove_hub(cursor) if not proof.holds]


def closed(hub: Hub, number: int) -> WindowClosing:
    found = hub.close_window(W[number], CUTOFF_S + number * DAY_S)
    assert isinstance(found, WindowClosing), found
    return found


def test_a_new_key_signs_from_its_window_on(world: World) -> None:
    """Also when two days are closed in one run; a record of either is proven under the chain."""
    new = NewKey(SECOND, W[1], is_emergency=False)
    assert said(world, "ann", new, NOW_S) == (W[1], False)
    assert said(world, "Ann", new, NOW_S) == "HUB_KEY_TWO_PERSONS"
    hub = hub_of(world, HUB_KEY, SECOND)
    present(world, hub, ride("t1"), NOW_S)
    assert said(world, "bob", new, NOW_S) == (W[1], True)
    present(world, hub, ride("t2", hour=11), NOW_S)
    present(world, hub, ride("t3", hour=12), CUTOFF_S + 1)  # the first window is not closed yet
    kept = [closed(hub, number).checkpoint for number in range(3)]
    assert [one and one.verifier for one in kept] == [
        verifier_of(key).text for key in (HUB_KEY, SECOND, SECOND)
    ]
    assert broken(world) == []
    with world.store.reading() as cursor:
        keys = known_keys(cursor)
        notes = {one.window_id: one.content for one in load_checkpoints(cursor)}
        proofs = [record_proof(cursor, f"t{number}.1") for number in (1, 3)]
    assert keys is not None and not isinstance(check_chain(notes, keys), Refusal)
    for proof, record in zip(proofs, ("t1.1", "t3.1"), strict=True):
        assert isinstance(proof, bytes)
        assert not isinstance(check_proof(proof, record, keys), Refusal)
    with pytest.raises(psycopg.Error), world.store.changing() as cursor:
        cursor.execute("UPDATE hub_key_change SET confirmed_by = 'eve'")
    with world.store.changing() as cursor:  # somebody swaps a window's key in the books
        cursor.execute("ALTER TABLE checkpoint DISABLE TRIGGER ALL")
        cursor.execute(
            "UPDATE checkpoint SET verifier = %s WHERE window_id = %s",
            (verifier_of(THIRD).text, W[2]),
        )
    assert broken(world) == ["checkpoints_hold"]


def test_nothing_is_signed_without_the_key_that_is_due(world: World) -> None:
    present(world, world.hub, ride("t1"), NOW_S)
    closed(world.hub, 0)
    with pytest.raises(Problem) as missing:
        closed(hub_of(world, THIRD), 1)
    assert missing.value.refusal.code == "HUB_KEY_MISSING"
    with world.store.reading() as cursor:
        assert len(load_checkpoints(cursor)) == 1
    lost = NewKey(THIRD, "", is_emergency=True)
    now_s = CUTOFF_S + 60
    present(
        world, world.hub, ride("t2", hour=12), now_s
    )  # sealed by the old key, in its window still
    answers = [said(world, by, lost, now_s, THIRD) for by in ("ann", "bob")]
    assert answers == [(W[1], False), (W[1], True)]
    hub = hub_of(world, THIRD)
    present(world, hub, ride("t3", hour=13), now_s)
    closed(hub, 1)
    assert broken(world) == []
    with world.store.reading() as cursor:
        keys = known_keys(cursor)
    assert keys is not None and keys.changes[0].is_emergency and keys.changes[0].old_until == W[1]


def test_a_window_that_began_and_a_key_that_was_used_are_refused(world: World) -> None:
    closed(world.hub, 0)
    now_s = CUTOFF_S + 60
    assert said(world, "ann", NewKey(SECOND, W[1], is_emergency=False), now_s) == "HUB_KEY_WINDOW"
    assert said(world, "ann", NewKey(HUB_KEY, W[2], is_emergency=False), now_s) == "HUB_KEY_USED"
    assert said(world, "a b", NewKey(SECOND, W[2], is_emergency=False), now_s) == "HUB_PERSON"
    first, other = (NewKey(key, W[2], is_emergency=False) for key in (SECOND, THIRD))
    said(world, "ann", first, now_s)
    assert said(world, "bob", other, now_s) == (W[2], False)  # not the same: it begins anew
    assert said(world, "ann", other, now_s) == (W[2], True)
