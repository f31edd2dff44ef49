"""What was watched: viewing sessions from any source, checked at one door.

Each adapter (`tabular`, `netflix`, `synthetic`) turns its source into `RawRows`; `door.admit` checks them against
`schema.SESSIONS` and returns `Sessions`, in which every row that was read is accounted for. `playback` does the same
for player events and turns them into sessions.
"""
