"""What operations cost: estimated before they run and counted after, by @cost and @listSize."""
