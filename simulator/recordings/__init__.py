"""Recordings: taken, kept, reported, transcribed."""
