"""What a project has spent so far: what auth asks before it deletes one."""
