"""What callers reported: filing it, its number, and the text message that tells them."""
