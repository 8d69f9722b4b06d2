"""Blender, 3.4 and later. Only Blender's own Python imports what is here."""
