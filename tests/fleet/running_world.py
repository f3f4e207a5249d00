"""A running gate on an enrolled device, from a file of its own."""

import time
from collections.abc import Callable
from pathlib import Path

from tongxing.gate.running import Plan, load_plan, read_config
from tongxing.kernel.reasons import Refusal

CONFIG = """
[site]
name = "{name}"
city = "500000"

[keys]
device = "device"
code_roots = "roots.json"
code_issuers = "issuers.json"

[journal]
path = "journal.sqlite"

[[validator]]
id = "{terminal}"
device = "gate"
role = "entry"
line = "rail-1"
station = "xiaoshizi"
readers = [{{ kind = "simulated", port = 0 }}]

{more}
"""
PUBLIC = "0209F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"


def config(folder: Path, name: str, terminal: str, more: str = "") -> Plan | Refusal:
    (folder / "roots.json").write_text(f'{{"1": "{PUBLIC}"}}')
    (folder / "issuers.json").write_text(
        '{"01016900": {"scheme": "local:500000", "city": "500000"}}'
    )
    file = folder / "gate.toml"
    file.write_text(CONFIG.format(name=name, terminal=terminal, more=more), encoding="utf-8")
    written = read_config(file, file.read_bytes())
    return written if isinstance(written, Refusal) else load_plan(written)


def eventually(true: Callable[[], bool]) -> None:
    """Wait until something is so; fails after a while."""
    until = time.monotonic() + 30
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)
