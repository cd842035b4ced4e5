"""Crowds: many callers with a curve of arrivals, patience and redials, and what became of them."""
