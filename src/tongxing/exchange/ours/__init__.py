"""Our own messages as text files of JT/T 978.4, and what can be read back out of them.

A field gets a value only where a message of ours has one, or where the member's profile states it;
all others are listed as having no source. What cannot be said in a kind of file is left out row by
row, with a reason. `profile` reads what a member states, `going` writes, `coming` reads.
"""
