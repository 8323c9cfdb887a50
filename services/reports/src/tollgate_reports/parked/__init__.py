"""Events that could not be booked: nothing of them is lost, and they can be booked later."""
