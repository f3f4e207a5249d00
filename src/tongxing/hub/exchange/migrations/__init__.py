"""The migrations of letters and used signatures, in the hub's schema."""
