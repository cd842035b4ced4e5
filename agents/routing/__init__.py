"""Which waiting caller rings at which agent, and what they hear until then."""
