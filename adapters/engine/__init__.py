"""The parent's side: start workers, send them cases, end those that answer too late, start others in their place."""
