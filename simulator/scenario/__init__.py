"""Scripted callers: what they do, step by step, and whether their expectations hold."""
