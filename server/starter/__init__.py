"""Trains the small diffusion model that ships with Scumble; nothing here runs at the painter's."""
