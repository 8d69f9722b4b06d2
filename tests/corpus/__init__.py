"""Every bad input that we know of, made by code: what arrives, and what must be said of it."""
