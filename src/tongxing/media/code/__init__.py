"""The ride code of JT/T 1179: three nested signatures in 332 bytes, checked without a network.

`layout` reads the bytes, `issue` makes them, `verify` judges them in a fixed order with one reason
each; `picture` and `scanning` go to pixels and back. docs/media/ride-code.md shows all of it.
"""
