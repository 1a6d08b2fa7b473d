"""Every job from its acceptance to its end: queue, journal, pictures on disk, and the worker."""
