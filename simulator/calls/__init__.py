"""A call: its state, its leg, its events, its progress."""
