"""TwiML: what may be in a document, and reading one strictly."""
