"""HTTP as such, whatever it is that is asked for: connections, clients, conditional requests."""
