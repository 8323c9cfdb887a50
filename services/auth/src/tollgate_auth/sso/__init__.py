"""Single sign-on: which identity providers an organisation's people log in with."""
