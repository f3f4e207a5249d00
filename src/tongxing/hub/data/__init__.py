"""The hub's rules as data: the rulebook and the table of verdict codes."""
