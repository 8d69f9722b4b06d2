"""Where files live: S3 and folders behind one Store protocol, and the places the studio keeps things in."""
