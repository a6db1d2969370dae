"""Local stand-ins for the platforms: real HTTP servers for the demo, tests and benchmarks."""
