"""Who answers when the account calls."""
