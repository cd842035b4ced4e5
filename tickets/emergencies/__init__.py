"""Calls in which somebody is in danger: their record, and the alarm until a person takes it."""
