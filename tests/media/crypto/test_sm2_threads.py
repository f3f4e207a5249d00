"""SM2 on many threads at once, and over a long time: right, side by side, and without a leak."""

import ctypes
import gc
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from crypto_world import CASES, computers, key_of, raw

from tongxing.media.crypto.sm2 import Sm2
from tongxing.media.crypto.sm2_libcrypto import LibcryptoSm2

CASE = CASES["sm2"][0]
PRIVATE, PUBLIC, MESSAGE, SIGNATURE = (
    raw(CASE[name]) for name in ("private", "public", "message", "signature")
)
WRONG = SIGNATURE[:-1] + bytes((SIGNATURE[-1] ^ 1,))
MEMORY = Path("/proc/self/statm")


@pytest.fixture
def eager_switching() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("eager_switching")
def test_threads_that_share_a_key_all_get_the_right_answer(computer: Sm2) -> None:
    shared = key_of(computer, PUBLIC, tabled=True)

    def work(number: int) -> list[bool]:
        own = key_of(computer, PUBLIC)
        given = [SIGNATURE, WRONG] * 10
        found = [computer.verify(key, MESSAGE, text) for text in given for key in (shared, own)]
        signature = computer.sign(PRIVATE, bytes((number,)))
        if isinstance(signature, bytes):
            found.append(not computer.verify(shared, bytes((number,)), signature))
        return found

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(work, range(8)))
    assert [answer[:40] for answer in answers] == [[True, True, False, False] * 10] * 8
    assert not any(flag for answer in answers for flag in answer[40:])


def test_other_threads_run_during_a_check() -> None:
    """With switching all but off, another thread runs only while a check lets go of the lock."""
    running = {name: lets_others_run(computer) for name, computer in computers().items()}
    assert running.pop("plain") is False
    assert all(running.values()), running


def lets_others_run(computer: Sm2) -> bool:
    key = key_of(computer, PUBLIC)
    digest = key.digest(MESSAGE)
    computer.verify_digest(key, digest, SIGNATURE)
    go, ran = threading.Event(), threading.Event()

    def wait_and_run() -> None:
        go.wait()
        ran.set()

    other = threading.Thread(target=wait_and_run)
    other.start()
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        go.set()
        for _ in range(300):
            computer.verify_digest(key, digest, SIGNATURE)
            if ran.is_set():
                return True
        return False
    finally:
        sys.setswitchinterval(before)
        other.join()


class Ledger:
    """Every key and context that OpenSSL has handed out and not got back; stands before its calls.

    The process's memory tells of a leak only when it is large: what other tests gave back hides it.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, library: ctypes.CDLL) -> None:
        self.out: dict[str, list[int]] = {"keys": [], "contexts": []}
        self.twice: list[int] = []
        self.taken = 0
        for name, kind in (
            ("d2i_PUBKEY", "keys"),
            ("d2i_AutoPrivateKey", "keys"),
            ("EVP_PKEY_CTX_new", "contexts"),
        ):
            monkeypatch.setattr(library, name, self._taking(getattr(library, name), kind))
        for name, kind in (("EVP_PKEY_free", "keys"), ("EVP_PKEY_CTX_free", "contexts")):
            monkeypatch.setattr(library, name, self._giving(getattr(library, name), kind))

    def _taking(self, call: Any, kind: str) -> Any:
        def take(*arguments: Any) -> int | None:
            pointer: int | None = call(*arguments)
            if pointer:
                self.out[kind].append(pointer)
                self.taken += 1
            return pointer

        return take

    def _giving(self, call: Any, kind: str) -> Any:
        def give(pointer: int) -> None:
            if pointer in self.out[kind]:
                self.out[kind].remove(pointer)
                call(pointer)
            else:
                self.twice.append(pointer)

        return give


def test_openssl_gets_back_every_key_and_context_exactly_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if "libcrypto" not in computers():
        pytest.skip("there is no OpenSSL with SM2 on this machine")
    ledger = work_under_ledger(monkeypatch)
    gc.collect()
    assert ledger.taken > 60
    assert ledger.out == {"keys": [], "contexts": []}
    assert not ledger.twice


def work_under_ledger(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """Keys, checks on threads, signatures; all of it is dropped at the end."""
    computer = LibcryptoSm2()
    ledger = Ledger(monkeypatch, computer._library._library)
    churn(computer, 20)
    key = key_of(computer, PUBLIC)

    def check(signature: bytes) -> bool:
        return computer.verify(key, MESSAGE, signature)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(check, [SIGNATURE, WRONG] * 50)) == [True, False] * 50
    assert len(ledger.out["keys"]) == 1
    assert 1 <= len(ledger.out["contexts"]) <= 4
    for number in range(20):
        computer.sign(number.to_bytes(31, "big") + b"\x01", MESSAGE)
    return ledger


def churn(computer: Sm2, times: int = 400) -> None:
    """Keys made and dropped, good and bad checks, keys refused. A leaked key is over a page."""
    for _ in range(times):
        key = key_of(computer, PUBLIC)
        computer.key(PUBLIC[::-1])
        computer.verify_digest(key, bytes(32), WRONG)
    gc.collect()


def pages() -> int:
    return int(MEMORY.read_text().split()[1])
