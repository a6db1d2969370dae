"""What both twins share: server, clock, state, deliveries, faults and control API."""
