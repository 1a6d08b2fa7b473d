"""What can be said on the command line; imports nothing heavy, since every start pays for it."""

from scumble_cli.arguments.program import parse

__all__ = ["parse"]
