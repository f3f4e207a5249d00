"""The readers of a lane: each a thread that hands on what it reads and tells how it is."""

from tongxing.gate.running.readers.making import reader_of
from tongxing.gate.running.readers.watched import Handed, Reader

__all__ = ["Handed", "Reader", "reader_of"]
