"""Static performance boards of a publication, a folder per audience: no server, no network."""
