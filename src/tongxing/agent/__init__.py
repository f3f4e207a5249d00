"""The card agent: lends the card on this machine's reader to a page in this machine's browser."""
