"""One module per command, each with `run(arguments) -> int`; imported only when asked for."""
