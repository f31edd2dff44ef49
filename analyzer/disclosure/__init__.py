"""Which numbers may leave: cells that are too small, and what else must be withheld so that nobody can compute them."""
