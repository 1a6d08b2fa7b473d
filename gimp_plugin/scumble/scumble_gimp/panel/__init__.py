"""The panel: a window beside the picture that stays open while the painter works."""
