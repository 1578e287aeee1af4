"""The briefing in its forms: page, mail and print, Markdown, JSON."""
