"""The wire between Scumble's editors and its server, the client, and the editors' common logic."""
