"""Forms of the catalogue: any event, from its definition to fields that a person fills and signs in the browser."""
