"""The proof that nothing is lost: calls through the real line while its processes die at random."""
