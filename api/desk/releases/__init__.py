"""Two persons: a draft by one officer of a party, its release by another, at once or at a chosen time."""
