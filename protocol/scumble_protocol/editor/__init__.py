"""What every editor does the same way: choose the context, build the request, apply the result."""
