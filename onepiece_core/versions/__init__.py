"""Versions that people make by themselves: an uploaded movie, slates for a new show."""
