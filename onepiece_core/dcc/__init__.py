"""Which DCCs OnePiece knows, which are installed here, and which one opens a file."""

from onepiece_core.dcc.find import InstalledDcc, Machine, find_all, find_dcc, find_installed
from onepiece_core.dcc.table import DCCS, Dcc, find_dcc_for, get_dcc

__all__ = [
    "DCCS",
    "Dcc",
    "InstalledDcc",
    "Machine",
    "find_all",
    "find_dcc",
    "find_dcc_for",
    "find_installed",
    "get_dcc",
]
