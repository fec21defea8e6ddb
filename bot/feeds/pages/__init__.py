"""Status pages with an answer in JSON: one module for each product or provider."""
