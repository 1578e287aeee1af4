"""Shows: pages, HTTP and the command line."""
