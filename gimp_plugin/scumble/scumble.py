#!/usr/bin/env python3
"""What GIMP runs: finds the plug-in's package beside this file and hands over to it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from scumble_gimp.plugin import main

main(sys.argv)
