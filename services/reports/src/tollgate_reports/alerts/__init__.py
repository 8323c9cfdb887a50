"""Alerts: what somebody should hear of when it is booked, once a day."""
