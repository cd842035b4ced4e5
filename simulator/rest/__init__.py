"""The REST API of 2010-04-01, as the unmodified `twilio` client uses it."""
