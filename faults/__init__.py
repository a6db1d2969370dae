"""The harness that kills, cuts and fills, and then compares ledgers: `make faults`."""
