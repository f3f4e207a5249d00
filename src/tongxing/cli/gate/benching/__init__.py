"""Our gate behind the test port of docs/conformance-gate.md.

`port` serves it, `device` keeps the folder and the process, `layout` writes what a gate is set up
from, and `child` is the gate itself: in a process of its own, so that a power cut is a real one.
"""
