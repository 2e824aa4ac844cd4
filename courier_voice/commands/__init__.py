"""What the commands do, a file a group; imported by cli when one of them runs."""
