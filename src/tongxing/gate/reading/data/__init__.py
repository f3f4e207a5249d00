"""What gates know of media, as dated data."""
