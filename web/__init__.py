"""The shell around every page and webhook."""
