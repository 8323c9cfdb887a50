"""People: who they are, their passwords, their role."""
