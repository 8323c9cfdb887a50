"""Report runs: asked for, worked on by rq, kept in PostgreSQL, downloaded."""
