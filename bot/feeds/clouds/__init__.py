"""Status pages of cloud providers, each of its own kind."""
