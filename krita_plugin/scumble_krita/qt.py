"""Qt, in the version that this Krita is made with; no other module imports a binding.

Code for both is the same because enumerations are named in full (`Qt.AlignmentFlag.AlignLeft`), and
what Qt 6 moved to another module is taken from here.
"""

from __future__ import annotations

import krita

if getattr(krita, "qt_major_version", lambda: 5)() == 6:
    from PyQt6 import QtCore, QtGui, QtWidgets, sip

    QAction = QtGui.QAction
else:
    from PyQt5 import QtCore, QtGui, QtWidgets, sip

    QAction = QtWidgets.QAction

Qt = QtCore.Qt
is_deleted = sip.isdeleted

__all__ = ["QAction", "Qt", "QtCore", "QtGui", "QtWidgets", "is_deleted"]
