"""What a show looks like right now: JSON, events and pages over the board."""
