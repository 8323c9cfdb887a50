"""What the gateway reads of a request's body: its model, its caps, and what bounds its input."""
