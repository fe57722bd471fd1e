"""The completeness map: a verifiable index of the whole book, from subject to its stream (`ledger.tlog.prefix`)."""
