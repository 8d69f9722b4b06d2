"""The engines that OnePiece brings. Others come by the entry point ``onepiece.farms``."""
