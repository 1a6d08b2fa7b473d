"""What `scumble bench` measures, one module per kind of figure."""
