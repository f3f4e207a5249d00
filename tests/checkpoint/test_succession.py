"""A hub's keys follow one another: the one before introduces the next, or nobody believes it."""

from datetime import date

import pytest
from checkpoint_world import KEY, STRANGER, VERIFIER, PaperHub

from tongxing.checkpoint import (
    Succession,
    SuccessionRing,
    Verifier,
    check_chain,
    check_proof,
    read_succession,
    verifier_of,
)
from tongxing.checkpoint.succession import KeyChange, sign_change
from tongxing.kernel.reasons import Refusal
from tongxing.messages import SigningKey, VerdictFile, seal, unseal

W = ["W20260318", "W20260319", "W20260320", "W20260321"]
SECOND, THIRD = (SigningKey.from_secret("HUB", secret * 32) for secret in (b"2", b"3"))
PERSONS = ("ann", "bob")


def change(
    number: int, since: str, until: str, old: SigningKey, new: SigningKey, *, lost: bool = False
) -> KeyChange:
    return KeyChange(number, since, until, verifier_of(old), verifier_of(new), lost, PERSONS)


PLANNED = sign_change(change(1, W[2], W[1], KEY, SECOND), KEY, SECOND)
LOST = sign_change(change(2, W[3], W[3], SECOND, THIRD, lost=True), THIRD)


def after(*notes: bytes, first: Verifier = VERIFIER) -> Succession:
    found = Succession(first)
    for note in notes:
        more = found.with_change(note)
        assert isinstance(more, Succession), more
        found = more
    return found


def code(found: object) -> str:
    return found.code if isinstance(found, Refusal) else "OK"


def paper(keys: list[SigningKey]) -> PaperHub:
    hub = PaperHub()
    for window, key in zip(W, keys, strict=False):
        hub.key = key
        hub.close(window, 2)
    return hub


@pytest.mark.parametrize(
    ("signers", "known", "expected"),
    [
        ([KEY, KEY, SECOND, SECOND], after(PLANNED), "OK"),
        ([KEY, KEY, SECOND, THIRD], after(PLANNED, LOST), "OK"),
        ([KEY, KEY, KEY, KEY], after(PLANNED), "NOTE_FOREIGN"),
        ([KEY, SECOND, SECOND, SECOND], after(PLANNED), "NOTE_FOREIGN"),
        ([KEY, KEY, SECOND, SECOND], after(), "NOTE_FOREIGN"),
        ([KEY, KEY, SECOND, STRANGER], after(PLANNED, LOST), "NOTE_FOREIGN"),
    ],
)
def test_each_window_is_signed_by_its_own_key(
    signers: list[SigningKey], known: Succession, expected: str
) -> None:
    hub = paper(signers)
    read = read_succession(known.text)  # as hub.vkey holds it
    assert read == known
    assert code(check_chain(hub.notes, known)) == expected
    proof = hub.proof(W[2], 1)
    assert code(check_proof(proof, f"{W[2]}-1.1", VERIFIER)) == (
        "OK" if signers[2] == KEY else "NOTE_FOREIGN"
    )
    if expected == "OK":
        assert code(check_proof(proof, f"{W[2]}-1.1", known)) == "OK"


SAME = change(1, W[2], W[1], KEY, SECOND)


@pytest.mark.parametrize(
    ("known", "note"),
    [
        (after(), sign_change(SAME, SECOND)),  # the old key did not sign
        (after(), sign_change(SAME, KEY)),  # nobody shows that he has the new one
        (after(), sign_change(SAME, STRANGER, SECOND)),
        (after(), PLANNED.replace(b"from W20260320", b"from W20260321")),
        (after(), sign_change(change(2, W[2], W[1], KEY, SECOND), KEY, SECOND)),
        (after(PLANNED), sign_change(change(2, W[3], W[2], KEY, THIRD), KEY, THIRD)),
        (after(PLANNED), sign_change(change(2, W[2], W[1], SECOND, THIRD), SECOND, THIRD)),
        (after(PLANNED), sign_change(change(2, W[3], W[2], SECOND, KEY), SECOND, KEY)),
    ],
)
def test_a_key_that_was_not_introduced_is_refused(known: Succession, note: bytes) -> None:
    assert code(known.with_change(note)) == "KEY_NOT_INTRODUCED"
    assert code(read_succession(f"{known.text}\n{note.decode()}")) == "KEY_NOT_INTRODUCED"


@pytest.mark.parametrize(
    ("known", "offered", "expected"),
    [
        (after(), after(PLANNED), "OK"),
        (after(first=verifier_of(SECOND)), after(PLANNED), "OK"),
        (after(first=verifier_of(THIRD)), after(PLANNED, LOST), "OK"),
        (after(PLANNED), after(PLANNED, LOST), "KEY_EMERGENCY"),
        (after(), after(PLANNED, LOST), "KEY_EMERGENCY"),
        (after(PLANNED), after(), "KEY_NOT_INTRODUCED"),  # an older story
        (after(), after(first=verifier_of(STRANGER)), "KEY_NOT_INTRODUCED"),
    ],
)
def test_what_a_member_learns_of_its_hubs_keys(
    known: Succession, offered: Succession, expected: str
) -> None:
    found = known.learned(offered)
    assert code(found) == expected
    assert isinstance(found, Refusal) or found == offered


def test_letters_and_answers_bear_the_keys_of_their_time() -> None:
    known = after(PLANNED, LOST)
    ring = SuccessionRing(lambda: known)

    def believed(key: SigningKey, window: str) -> bool:
        letter = VerdictFile(file_id="f", window_id=window, file_code="OK", verdicts=[])
        return not isinstance(unseal(seal(letter, key), VerdictFile, ring), Refusal)

    keys = (KEY, SECOND, THIRD)
    assert [[believed(key, window) for key in keys] for window in W] == [
        [True, False, False],
        [True, False, False],
        [False, True, False],
        [False, True, True],  # sealed before the second key was lost
    ]
    assert not believed(STRANGER, W[0])
    days = [known.keys_on(date(2026, 3, day)) for day in (18, 21)]
    assert days == [[verifier_of(THIRD)], [verifier_of(THIRD)]]
    planned = [after(PLANNED).keys_on(date(2026, 3, day)) for day in (18, 19, 20, 21)]
    assert [len(found) for found in planned] == [1, 2, 2, 1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (VERIFIER.text, "OK"),
        (f"{VERIFIER.text}\n\nHUB/key/1\n", "KEY_CHANGE_MALFORMED"),
        (after(PLANNED).text.replace("ann bob", "ann ann"), "KEY_CHANGE_MALFORMED"),
        (after(PLANNED).text.replace("from W20260320", "from W20260399"), "KEY_CHANGE_MALFORMED"),
        ("HUB", "VERIFIER_MALFORMED"),
        ("", "VERIFIER_MALFORMED"),
    ],
)
def test_hub_vkey_is_read_whole_or_not_at_all(text: str, expected: str) -> None:
    assert code(read_succession(text)) == expected
