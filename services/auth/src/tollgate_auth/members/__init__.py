"""Who has a part in which project, and as what."""
