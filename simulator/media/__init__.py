"""Sockets to the application, media streams on them, and its sound files."""
