"""Loss and recovery: who bears what, when money is found, disputes over a bound card."""
