"""What is said to clients over their connections."""
