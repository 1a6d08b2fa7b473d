"""What is done for each kind of request, from its pictures to its layers."""
