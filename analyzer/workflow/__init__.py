"""The hallway: the only place where rooms meet and effects happen.

`model` saves and loads, `classify` says pattern or withheld, `run` is the main job, `jobs` has one function a command,
`outputs` writes whole or not at all.
"""
