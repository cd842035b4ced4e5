"""A call: its state, its line, its events, its background work."""
