"""Scumble in GIMP 3: its canvas, its procedures and its panel."""
