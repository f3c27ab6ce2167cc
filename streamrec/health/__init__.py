"""How a service is watched: metrics, health and logs."""
