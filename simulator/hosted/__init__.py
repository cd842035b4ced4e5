"""Documents that the carrier hosts itself."""
