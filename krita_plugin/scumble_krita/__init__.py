"""What Krita loads: the Scumble docker, its actions, and what they do to documents."""

from krita import Krita

# Tests load the parts one by one, without a Krita.
if Krita.instance() is not None:
    from scumble_krita.plugin import register

    register(Krita.instance())
