"""The serials of a licence, fixed by the root of their tree: `serial_tree` makes it, `root_check` makes it again."""
