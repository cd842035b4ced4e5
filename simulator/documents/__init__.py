"""Running the documents of the application."""
