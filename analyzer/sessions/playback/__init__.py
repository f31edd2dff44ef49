"""What the player did: event streams of any player, and the sessions that they tell of.

`schema` declares the event table. Adapters (`xapi`, `segment`, `snowplow`, `netflix_traces`, or any table) write it,
`door` checks each row, and `sessions` turns the events of a session into one session row: how long it played, which
stretches of the title, and how often somebody went back. `join` lays those rows beside sessions that are known already.
"""
