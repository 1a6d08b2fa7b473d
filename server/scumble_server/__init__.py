"""The local server that turns requests from the editors into new layers."""

import os

# Before numpy and torch load their own: OpenMP's threads wait for each other by spinning, 300,000
# times over. Where an editor uses the cores too, the one that is waited for then gets none, and a
# step takes ten times as long. After 5000 times they sleep: sooner, and on free cores a tenth of a
# step would be spent on waking them (docs/performance.md).
os.environ.setdefault("GOMP_SPINCOUNT", "5000")
# What is multiplied outside torch is small, and OpenBLAS's threads wait in the same way.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
