"""Where a report goes, and what a person must look at first."""
