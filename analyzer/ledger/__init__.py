"""What left, and what it cost: releases with sketches of their groups, and privacy budgets. Never a viewer's id."""
