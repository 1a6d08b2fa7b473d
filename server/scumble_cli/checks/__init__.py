"""What `scumble doctor` looks at; each check gives findings."""
