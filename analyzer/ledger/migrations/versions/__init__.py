"""One module a layout. What it once did is never changed: ledgers out there were made by it."""
