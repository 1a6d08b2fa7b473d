"""Sampling: one short loop for every UNet model, with previews, local strength and cancel."""
