"""`python3 installer …`: sets Scumble up with nothing but Python, then starts what was asked."""

import sys

if sys.version_info < (3, 10):  # noqa: UP036 - older Pythons must reach this sentence
    sys.exit(
        "Scumble's installer needs Python 3.10 or newer; this is {}.{}. "
        "Run it with a newer one, such as `python3.12 installer`.".format(*sys.version_info)
    )

from scumble_installer.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
