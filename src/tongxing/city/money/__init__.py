"""Passengers' money: paid in, paid back, debited by agreement, owed."""
