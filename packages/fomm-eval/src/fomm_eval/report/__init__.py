"""Reports of results: tables, JSON, CSV, and a page with plots."""
