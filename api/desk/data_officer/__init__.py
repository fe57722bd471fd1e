"""The data officer's desk: what can be erased of an enterprise, what is held, what was erased."""
