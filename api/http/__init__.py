"""What all routes share at the edge of HTTP."""
