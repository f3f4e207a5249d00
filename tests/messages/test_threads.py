"""A house may read messages in several threads from its first moment on."""

import subprocess
import sys

# Each struct's first use by many threads at once is one chance for the crash, so a process tries
# every kind of message, and there are several processes.
MANY_THREADS = """
import sys, threading
from tongxing.messages import *
from tongxing.messages import records, taps, lists
key = SigningKey.from_secret("C", b"c" * 32)
keys = KeyRing({"C": key.public_bytes()})
ref = TapRef("T", 1, 1)
tap = Tap(ref=ref, time_s=1, kind="entry", city="1", place="1", mode="rail", operator="o",
          line="l", station="s", medium_no="1", medium_kind="card", scheme="s", issuer="1",
          product="p", funding="purse", purse=PurseFacts(1, 2, 3), outcome="opened", tariff="t",
          deny_list_version=0)
bodies = [
    TapBatch(site="C", taps=[tap] * 9),
    Receipt(site="C", batch_sha256="", accepted=1, duplicates=0, quarantined=[ref] * 9),
    VerdictFile(file_id="f", window_id="w", file_code="OK", verdicts=[
        Verdict(record_id="r", status="accepted", code="0000", shares=[Share("o", 1)])] * 9),
    DenyList(city="1", version=1, published_s=1, entries=[DenyEntry("1", "MEDIUM_LOST")] * 9),
]
messages = [(seal(body, key), type(body)) for body in bodies]
sys.setswitchinterval(1e-6)
start = threading.Barrier(8)
def read():
    for message, kind in messages:
        start.wait()
        for _ in range(5):
            assert unseal(message, kind, keys)[0] == "C"
threads = [threading.Thread(target=read) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


def test_threads_that_read_at_once_from_the_start_do_not_crash() -> None:
    for _ in range(8):
        finished = subprocess.run([sys.executable, "-c", MANY_THREADS], capture_output=True)
        assert finished.returncode == 0, finished.stderr.decode()[-500:]
