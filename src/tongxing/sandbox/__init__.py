"""Small servers that play the partners: the real protocol, real signatures, no real money."""
