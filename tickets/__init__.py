"""What the city owes the caller."""
