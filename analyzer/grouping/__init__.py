"""Sorted arrays and their groups: the one place with index arithmetic. It knows nothing of viewing."""
