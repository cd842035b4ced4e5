"""What the account has and what has happened: each kind with its entries, by their id."""
