"""A crowd at the passengers' pages: a city with accounts and months of trips, its real site in a
process of its own, taps that go on arriving in another, and whoever asks in a third.

Only the benchmark ``tongxing bench rider`` uses it. Everything is made from a seed; nothing here
may be counted as a day of the simulation, for its passengers ride without gates.
"""
