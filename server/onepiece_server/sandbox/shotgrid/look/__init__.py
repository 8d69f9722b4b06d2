"""A small read-only web page to look into the site: types, rows, media, schema, events, calls."""
