"""The server as a service of the system: what is written where, for each system, on any system."""
