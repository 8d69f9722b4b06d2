"""Panels: the models know no toolkit; the widgets are Qt.py's, and Blender draws its own."""
