"""Which variable fills which setting of which partner, as data."""
