"""Languages of a vendor's page: in one text, or at an address for each."""
