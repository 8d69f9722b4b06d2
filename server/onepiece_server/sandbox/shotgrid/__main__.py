"""``python -m onepiece_server.sandbox.shotgrid --dir D --port N --script NAME --key-file F``"""

from __future__ import annotations

import sys

from onepiece_server.sandbox.shotgrid.server import main

sys.exit(main())
