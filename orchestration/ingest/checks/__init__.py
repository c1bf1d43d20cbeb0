"""What an ingestion notices beyond single rows: late files, broken promises, moved headers, shifted days."""
