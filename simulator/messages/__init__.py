"""Text messages, both ways."""
