"""A gate that runs: one process for one site, its readers, doors, screens and health.

`load_plan` reads what stands in a configuration file, `Runner` works until it is stopped. Deciding
is the site's, showing is a page's; here one thing is handed to the next, in the one safe order.
"""

from tongxing.gate.running.board import Board
from tongxing.gate.running.config import GateConfig, read_config
from tongxing.gate.running.plan import Plan, load_plan
from tongxing.gate.running.runner import Runner, Uplink

__all__ = [
    "Board",
    "GateConfig",
    "Plan",
    "Runner",
    "Uplink",
    "load_plan",
    "read_config",
]
