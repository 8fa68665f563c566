"""One module per story. A flow locks, asks the rules, changes rows through transitions.apply(), queues what follows."""
