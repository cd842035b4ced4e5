"""The proof that nothing is lost: many calls while processes die, and the books compared after.

The phone network is never killed and holds the truth; everything of ours may be.
"""
