"""Messages about the public status page."""
