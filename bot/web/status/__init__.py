"""The public status page: files that are rendered once per change, and served from memory."""
