"""SM2 on many threads at once, and over a long time: right, side by side, and without a leak."""

import gc
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from crypto_world import CASES, computers, key_of, raw

from tongxing.media.crypto.sm2 import Sm2

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


@pytest.mark.skipif(not MEMORY.exists(), reason="memory is told by /proc on Linux only")
def test_openssl_gives_back_every_key_and_context() -> None:
    computer = computers().get("libcrypto")
    if computer is None:
        pytest.skip("there is no OpenSSL with SM2 on this machine")
    churn(computer)
    before = pages()
    for _ in range(3):
        churn(computer)
    assert pages() - before < 250


def churn(computer: Sm2) -> None:
    """Keys made and dropped, good and bad checks, keys refused. A leaked key is over a page."""
    for _ in range(400):
        key = key_of(computer, PUBLIC)
        computer.key(PUBLIC[::-1])
        computer.verify_digest(key, bytes(32), WRONG)
    gc.collect()


def pages() -> int:
    return int(MEMORY.read_text().split()[1])
