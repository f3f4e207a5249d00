"""Named cases that any card and any verifier of ride codes can be held to, whoever made it.

`card` runs them over any link to a card, `code` over anything that answers a question with an
answer. A case says what was sent, what was expected and what came; it repairs nothing and skips
nothing without saying why. Everything is made under test keys: never point it at a real card.
"""
