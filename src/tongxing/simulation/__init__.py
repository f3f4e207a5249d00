"""Passengers, carriers with faults, a bank and an oracle: drives the real houses on virtual time.

Nothing in here models a gate, a city or a hub; it only brings them to life and passes on bytes.
"""
