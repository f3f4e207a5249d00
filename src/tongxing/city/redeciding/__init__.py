"""The city decides again about each tap: the gate's own function, with what the gate could know.

A gate decides alone and may have been set up wrongly, be behind with its lists, or be somebody
else's. So the city puts the same questions to the same function, from the tap and its own books,
keeps both verdicts and lists where they differ. What a tap's evidence does not carry is not asked,
and said so. A difference moves no money.
"""
