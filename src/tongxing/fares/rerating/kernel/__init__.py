"""The pricing steps once more, over whole numbers in arrays, compiled to machine code.

Every function here mirrors one of `pricing`, `shares`, `transfers`, `packs` or `counters`, which
stay the reference: the tests hold both against each other. What does not fit is handed back
(`layout.EXACT`), never approximated. Importing this package needs numba.
"""
