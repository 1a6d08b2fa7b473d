"""Picture files in memory and on disk, and a canvas made of one."""
