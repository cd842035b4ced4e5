"""Sound to words: model, live recognition, endpoint, batch. Offline."""
