"""What a city and its installer decide: settings, the city's own tables, the prompts."""
