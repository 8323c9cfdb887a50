"""Events that repeat: one entry of the audit log opens a series of them, another closes it.

The opening entry is written when an event is first heard of. Those like it (the same action, actor,
target and reason in the organisation) only raise a number until the window ends, and then one
closing entry says how many they were, from when to when. The entries' counts add up to all that
has occurred, and a flood makes two entries a window.
"""
