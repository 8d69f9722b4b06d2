"""Where the installation is: as a project pins it, as a copy of this add-on has it written down, around the add-on."""

import os


def find_installation() -> str:
    if os.environ.get("ONEPIECE_HOSTS"):
        return os.environ["ONEPIECE_HOSTS"]
    here = os.path.dirname(os.path.realpath(__file__))
    note = os.path.join(here, "installation.txt")
    if not os.path.isfile(note):
        return os.path.abspath(os.path.join(here, "..", "..", "..", ".."))
    with open(note, encoding="utf-8") as file:
        return file.read().strip()
