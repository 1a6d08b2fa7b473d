"""The local server that turns requests from the editors into new layers."""

import os

# Before numpy and torch load their own: OpenMP's threads wait for each other by spinning, some
# 100,000 times over. Where an editor uses the cores too, the one that is waited for then gets none,
# and a step takes ten times as long. After a thousand times they sleep (docs/performance.md).
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
# What is multiplied outside torch is small, and OpenBLAS's threads wait in the same way.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
