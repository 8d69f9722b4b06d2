"""The dashboard as people see it: HTML made on the server, kept fresh by events."""
