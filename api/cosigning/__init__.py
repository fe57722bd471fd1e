"""Witnesses over HTTP: `server` runs one of ours; `asking`, `rounds` and `published` are the log's side."""
