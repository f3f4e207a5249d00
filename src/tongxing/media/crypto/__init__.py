"""The algorithms of cards and codes, each behind one interface, with who computes it chosen at start.

Nothing here keeps a key, and nothing here may print one.
"""
