"""Twilio, and every network that speaks as it does: the local simulator is one."""
