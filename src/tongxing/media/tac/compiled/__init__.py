"""The codes once more, compiled: bit slices in the machine's own vectors, SM4 and DES alike.

`machine.py` compiles and keeps, `vectors.py` makes vector code out of the gate lists, `layout.py`
says how work memory is laid out, `sm4.py` and `des.py` are the two kernels. The numpy engines stay
the reference: the tests hold both against each other. Importing this package needs numba; everybody
else asks `machine.can_compile` first.
"""
