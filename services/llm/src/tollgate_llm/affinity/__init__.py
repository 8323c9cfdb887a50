"""Affinity: an id that a provider made goes back to that provider, and only from where it went to.

`request_ids` reads the ids that a caller sends, `answer_ids` those that a provider's answer brings,
`repository` keeps who made them, and `service` decides.
"""
