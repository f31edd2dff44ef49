"""How it was watched: from sessions to one behaviour vector per viewer and window.

`plays` stitches sessions into plays, `catalog` declares each feature once, `extract` puts them together.
Index arithmetic is in `grouping` and nowhere else.
"""
