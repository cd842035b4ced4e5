"""What must happen after a commit: rows, who works them, and what becomes of those that fail."""
