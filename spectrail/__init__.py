"""What the packages of the toolkit share; empty on purpose, because any import of the base runs it."""
