"""Where the installation is that this add-on belongs to: a copy has it written down in installation.txt."""

import os


def find_installation() -> str:
    here = os.path.dirname(os.path.realpath(__file__))
    note = os.path.join(here, "installation.txt")
    if not os.path.isfile(note):
        return os.path.abspath(os.path.join(here, "..", "..", "..", ".."))
    with open(note, encoding="utf-8") as file:
        return file.read().strip()
