"""Callers who wait, and the bridges they get."""
