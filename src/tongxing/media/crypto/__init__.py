"""The algorithms of cards and codes, each behind one interface; who computes is chosen at start.

Nothing here keeps a key, and nothing here may print one.
"""
