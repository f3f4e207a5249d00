"""Line files: what a member without a link between databases sends, as one signed gzip file.

`packing` writes one. `opening` reads one: the signature is checked over the packed bytes before
anything is unpacked, then `child` (a program of its own, standard library only) takes the file
apart under limits, and only when it has said that the whole file is well-formed does a row reach
anybody. The form stands in docs/exchange.md.
"""
