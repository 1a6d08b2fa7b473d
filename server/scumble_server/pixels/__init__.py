"""Pictures and masks as arrays: prepared for a model, and composed of its work; no torch."""
