"""The words that a language model sees. Each prompt is a file with front matter, known by the hash of its content."""
