"""What every test of Tollgate may use: the pytest plugin with real servers."""
