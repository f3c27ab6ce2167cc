"""Looking inside models: what they are made of, what they cost, what they see."""
