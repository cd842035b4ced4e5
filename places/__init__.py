"""Where things are: the streets of a city, and finding a place in what people say or type."""
