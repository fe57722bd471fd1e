"""The enterprise's own desk: what the public sees of it, what it may say, and what it gets in writing."""
