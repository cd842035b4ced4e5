"""What the carrier's documents say, row by row, and which test holds the simulator to each."""
