"""The door for applications whose code nobody wants to touch: a proxy that is api.twilio.com."""
