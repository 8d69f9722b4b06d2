"""What a show looks like right now: a mirror of the tracker, and what this machine's record knows besides."""
