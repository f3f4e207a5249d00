"""The passenger's pages: phone first, installable, code without a network."""
