"""The reviewers' desk: pages and an API where people decide what may be said of how others watch.

`doors` says who may open what, `gates` keeps everything else out, `ask` is what a handler is told; the handlers are in
`pages` and `api`, what they show is made in `views`. All data comes through `analyzer.workflow.office`.
"""
