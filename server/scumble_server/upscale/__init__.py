"""Upscaling: Lanczos and tiled networks, 8 and 16 bit, with transparency."""
