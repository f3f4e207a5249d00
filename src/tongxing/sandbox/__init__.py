"""Small servers that play the partners: the real protocol, real signatures, no real money."""

from tongxing.sandbox.book import Message
from tongxing.sandbox.faults import Faults
from tongxing.sandbox.serving import Sandbox, start_sandbox

__all__ = ["Faults", "Message", "Sandbox", "start_sandbox"]
