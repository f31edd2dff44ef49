"""The hallway: the only place where rooms meet and effects happen.

`model` saves and loads, `classify` says pattern or withheld, `run` is the main job, `outputs` writes whole or not at all.
"""
