"""How planning grows, and what one expensive plan does to everybody else."""
