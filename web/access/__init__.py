"""Who a person is, what they may see, and that a change comes from our own pages."""
