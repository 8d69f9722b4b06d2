"""OnePiece's library: no front end, no DCC, no print. Front ends build the parts and pass them down."""

__version__ = "0.1.0"
