"""The demo: a small show made from nothing, published, verified, broken and caught."""
