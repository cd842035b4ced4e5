"""Files by key: what a storage must do, and the local folder that does it."""
