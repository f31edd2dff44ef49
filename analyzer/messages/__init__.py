"""May this sentence be said: what a draft says, to whom, and in which tone."""
