"""A call handed from the line to a person: its life, and what may be changed about it."""
