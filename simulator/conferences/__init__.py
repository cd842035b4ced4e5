"""Conferences: rooms in which everybody hears everybody else."""
