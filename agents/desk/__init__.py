"""What an agent works with: one page, its parts, and the ticket that they file."""
