"""The audit as a command: what it reads from, which checks it is made of, and its reports."""
