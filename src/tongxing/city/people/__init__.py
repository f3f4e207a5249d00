"""The people behind accounts: personal data in an encrypted store of its own, apart from trips."""
