"""What is asked: the operators' calls, as data, free of any framework."""
