"""Metering: what a provider's answer says was used, whole or as a stream.

`usage` is the one shape for all vendors; `events` knows which events of a stream matter; `meter`
lets a stream through and reads it.
"""
