"""The conversation with a caller."""
