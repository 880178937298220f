"""The questions: calls of the operators, as data, without any framework."""
