"""The parent's side: start workers, feed them cases, time them out, start them again."""
