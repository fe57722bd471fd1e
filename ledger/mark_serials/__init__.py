"""The serials of a licence, fixed by the root of their tree: `tree` makes it and its proofs, `check` makes it again."""
