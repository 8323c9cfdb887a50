"""The front door of the management API, and its documentation."""
