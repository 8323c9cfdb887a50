"""Projects: what keys are made for and costs are charged to."""
