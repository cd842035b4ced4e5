"""Sentences as sound, and sound known again as sentences."""
