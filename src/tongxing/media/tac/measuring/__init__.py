"""How fast transaction codes are checked, beside the C library's own loop in the same run.

Nothing of this is needed to check a code. It runs programs and reads clocks, so only the command
`tongxing bench tac` and the tests import it.
"""
