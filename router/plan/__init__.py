"""The query plan as data, owned by neither planner nor executor."""
