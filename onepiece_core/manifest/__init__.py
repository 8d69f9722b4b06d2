"""What a package holds and how that is proved: our manifest and the ASC MHL."""
