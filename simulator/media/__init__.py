"""Sockets to the application, and the media stream on them."""
