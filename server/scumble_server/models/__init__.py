"""Models: finding them, reading what they need from their files, and keeping them in memory."""
