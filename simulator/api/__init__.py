"""The simulator's own API, beside the carrier's."""
