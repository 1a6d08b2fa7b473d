"""The local server that turns requests from the editors into new layers."""
