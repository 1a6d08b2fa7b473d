"""Models that run through their own diffusers pipeline: what tells the families apart, and how."""
