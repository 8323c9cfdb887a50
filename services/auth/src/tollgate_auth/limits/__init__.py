"""Limits: how much an organisation, project, user or key may use. The policy, not the counting."""
