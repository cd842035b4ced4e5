"""The carrier's error codes: names, advice, and those of HTTP."""
