"""Brings the editors' plugins from the sources into the editors; needs the set-up environment."""
