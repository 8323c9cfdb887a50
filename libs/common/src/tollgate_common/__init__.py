"""What the services share: it knows no service and holds no business rule."""
