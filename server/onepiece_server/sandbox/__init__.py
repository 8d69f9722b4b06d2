"""A whole studio on one machine: a ShotGrid, an S3 and a seeded show."""
