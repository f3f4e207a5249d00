"""Cards: what is in their files, how one is spoken to, and a card made of software."""
