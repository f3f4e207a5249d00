"""From real media to tokens and back: what a reader reads becomes a `MediumToken`, what a decision
changes becomes records on a card, and in between the card itself signs.

`card` and `code` read, `state` and `writing` say what we keep on a card, `touch` puts the steps in
order. The decision is made by `deciding` as ever; nothing here opens a lane by itself.
"""
