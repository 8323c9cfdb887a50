"""How Tollgate runs on one machine, without containers: `python -m deploy.local up`."""
