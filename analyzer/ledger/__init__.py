"""What left, what it cost and what was decided, with an audit trail that nobody changes unseen. Never a viewer's id."""
