"""Nuke, 13 and later. Only Nuke's own Python imports what is here."""
