"""Plumbing that has never heard of a telephone."""
