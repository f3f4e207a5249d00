"""The migrations of the letters that a city had from its hub, in the city's schema."""
