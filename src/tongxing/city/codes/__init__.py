"""Ride codes of accounts: which phone may show which code, and until when."""
