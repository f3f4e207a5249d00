"""The compiled SM2 check: field, points and the check itself, in a form that numba compiles.

Imported only by `sm2_compiled`, and only where numba is installed. Public data only: the time
depends on the numbers.
"""
