"""Network architectures and the registry of their records."""
