"""What is to be told to somebody outside: what could not be sent, letters to be printed, one's own notices."""
