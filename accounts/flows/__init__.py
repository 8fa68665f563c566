"""One module per story of a person's account."""
