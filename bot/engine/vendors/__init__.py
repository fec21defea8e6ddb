"""Vendors' status pages: fetched here, and computed in a process of their own."""
