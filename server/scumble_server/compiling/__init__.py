"""Machine code of models: made beside the jobs, and run instead of their networks."""
