"""The city's migrations."""
