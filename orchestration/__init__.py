"""meritline's orchestration: ingest, warehouse, gate, publication and the command line."""
