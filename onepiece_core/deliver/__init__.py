"""Deliver approved Versions: choose, check, pack, upload, tell the tracker."""
