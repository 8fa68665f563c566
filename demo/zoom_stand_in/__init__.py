"""A server that speaks Zoom's HTTP contract on one machine: for `make run` and the tests, never for real meetings."""
