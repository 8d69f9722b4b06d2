"""What can be read from a scene file without its application."""
