"""Pictures as geometry: plain numbers that a template draws as SVG, each with a table beside it.

No text, colour or amount is decided here: labels come in, classes go out, and the style sheet
colours them, so that a picture works in light, dark and print and under a strict policy.
"""
