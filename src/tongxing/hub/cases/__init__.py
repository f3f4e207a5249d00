"""Disputes between members: the ladder as data and a pure machine, and the desk that works it.

docs/algorithms/disputes.md tells it with worked tables.
"""
