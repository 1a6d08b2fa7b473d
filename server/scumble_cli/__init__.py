"""The command line: an editor without a window, talking to the server over the real websocket."""
