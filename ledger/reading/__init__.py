"""What the book says to those who read it: entries as events, the log with its proofs, evidence about an issuer.

`feed` gives entries in the log's order, decoded and with their bodies, to whoever derives something from them;
`log_reader` checkpoints, tiles, receipts and proofs; `issuer_evidence` the entries that say whose key signed one.
"""
