"""Measurements: ours beside an anchor timed in the same run, as a ratio."""
