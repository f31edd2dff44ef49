"""What recurs: usage patterns found by HDBSCAN, described by contrasts, kept as k-anonymous prototypes."""
