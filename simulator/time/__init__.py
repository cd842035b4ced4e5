"""Line time: the clock, and waiting."""
