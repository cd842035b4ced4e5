"""Speech models: known, fetched, derived and verified, loaded into a pool."""
