"""Telephones in browsers: the softphone page, and the script for an agent's phone."""
