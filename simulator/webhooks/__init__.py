"""Requests to the application: signed, mapped, sent."""
