"""What happened on the line: calls, their turns, every message of the carrier about them."""
