"""Operation + query graph → plan; pure: walk, choose, build, optimise, emit (see `planner.py`)."""
