"""One module a place of the desk: its doors, and what happens behind them."""
