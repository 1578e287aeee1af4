"""Where mail arrives: IMAP folders, Maildirs and folders that files are dropped into. Nothing here knows the database."""
