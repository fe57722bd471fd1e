"""The desks: people sign in with a key of the book, see what waits for them, and act."""
