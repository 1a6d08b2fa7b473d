"""One unit of time for every waiting in the tests, so that a slow machine can stretch them all."""

from __future__ import annotations

import os
from typing import Final

MS: Final = 0.001 * float(os.environ.get("SCUMBLE_TEST_TIME_FACTOR", "1"))
"""A millisecond in seconds: `event.wait(500 * MS)`. SCUMBLE_TEST_TIME_FACTOR=4 makes it four."""

IS_NIGHTLY: Final = os.environ.get("SCUMBLE_TEST_EXAMPLES") == "thorough"
"""Whether what takes minutes is to run at its full length, as it does once a night."""
