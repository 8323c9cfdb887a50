"""Who is calling: from a credential to a principal."""
