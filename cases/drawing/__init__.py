"""Joint draws: valid calls in which every dimension varies at once, written as a case file for people to read."""
