"""卡码一体: a card and a code on one account, bound step by step and never by a typed number."""
