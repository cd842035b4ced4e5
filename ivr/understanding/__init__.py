"""What a caller's words mean: the problem, yes and no, the wish for a person, emergencies."""
