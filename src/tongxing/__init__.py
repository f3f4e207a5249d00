"""Tongxing 通行: interoperable transit fares, from the tap at the gate to the operator's bank."""

__version__ = "0.1.0"
