"""Setting up, starting and examining one installation: what the `swiftline` command does."""
