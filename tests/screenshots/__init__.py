"""Pictures of every page and state, for people to look at."""
