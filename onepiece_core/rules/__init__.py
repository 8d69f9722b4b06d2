"""Rules: pure functions over facts, the same for hosts, CLI, farm and watch folders."""
