"""Sets Scumble up on a machine that has nothing but Python; imports the standard library only."""
