"""A live conversation on a media socket: recognition, playback, barge-in, transcription."""
