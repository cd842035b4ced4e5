"""Faults at will: what may go wrong, the plan of a run, and what strikes when."""
