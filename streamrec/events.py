"""Events from scores."""
