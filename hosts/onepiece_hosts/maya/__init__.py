"""Maya, 2022 and later. Only Maya's own Python imports what is here."""
