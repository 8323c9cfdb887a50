"""Invitations: how somebody becomes a user, by a link that works once."""
