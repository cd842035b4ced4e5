"""What was said, kept and judged: archive, transcript, replay."""
