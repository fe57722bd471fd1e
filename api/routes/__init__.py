"""One file per resource of the interface."""
