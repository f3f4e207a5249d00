"""Transaction codes (TAC): what a card signs of a payment, checked by its issuer and nobody else.

`fields.py` says what is signed, `single.py` checks one code over a vault, `columns.py` a batch held
in columns. Behind the columns stand three engines that must answer alike: numpy tables for SM4,
numpy bit slices for DES, and compiled bit slices for both where numba is installed. No engine asks
a vault for anything, and none keeps a key after it has answered.
"""
