"""Sound as numbers and as files: mu-law, WAV and sample rates, each in one place."""
