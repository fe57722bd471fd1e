"""What is to be told to somebody outside, and how it gets there: webhooks over the log, the outbox of mail."""
