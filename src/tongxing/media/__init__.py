"""What passengers present, byte for byte: cards with their cryptography, and ride codes.

`card/` holds the files and commands of a purse card, the software card (`chip/`), the terminal's
side (`terminal/`) and the ways to a reader (`readers/`); `code/` the ride code with its nested
signatures; `crypto/` the algorithms behind one interface each, `keys/` the vaults that hold master
keys, `tac/` transaction codes checked one by one or by the million, `conformance/` the kit that
tries somebody else's card or code.

Facts and layouts are those of docs/media.md. This room knows no fares, no messages and no books.
"""
