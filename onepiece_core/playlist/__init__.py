"""Playlists: what is in them, and packages of their media."""
