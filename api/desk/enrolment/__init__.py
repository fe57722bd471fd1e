"""Keys of the book, from the asking to the approval: requests, the registrar's desk, a party's own officers."""
