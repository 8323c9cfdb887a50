"""Who is behind a key or user, and what they may do: what the gateway asks for."""
