"""The command line: an editor without a window, and the way to start everything else."""
