"""The content of the public status page: components, published updates, history. Pure."""
