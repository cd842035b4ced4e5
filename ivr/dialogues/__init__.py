"""Conversations as tables: the kinds of state, the engine that runs them, the hotline."""
