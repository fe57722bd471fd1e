"""The handling body's desk: complaint files, from the first call to the published outcome."""
