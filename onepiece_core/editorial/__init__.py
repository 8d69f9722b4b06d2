"""Editorial: cuts, and what they ask of a shot's frames."""
