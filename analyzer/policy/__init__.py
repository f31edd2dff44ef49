"""Who may be spoken of: a rulebook marks patterns, and guards every vector that shows a protected behaviour itself."""
