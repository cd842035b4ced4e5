"""A phone carrier on your desk: runs Twilio voice applications unchanged, over HTTP and WebSocket.

It knows nothing of the application it calls. Start it with `python -m simulator --help`.
"""
