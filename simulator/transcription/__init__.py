"""Words of a call, found while it goes on."""
