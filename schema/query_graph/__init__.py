"""What can be reached from where: fields and jumps, for the planner and the satisfiability check."""
