"""The role ShotGrid plays: entities, links, uploads, and writes that happen exactly once."""
