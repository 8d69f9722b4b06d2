"""OnePiece in Nuke, in every mode: where its Python lies. Nothing is imported for a render."""

import os
import sys

_home = os.environ.get("ONEPIECE_HOSTS") or os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(_home, "python"))
