"""Words to sound: prompts spoken ahead of time and on the fly, cached by content."""
