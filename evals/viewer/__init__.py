"""The viewer: one or two runs as a single HTML file that needs no network and no server."""
