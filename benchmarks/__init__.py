"""What was measured, each against a peer or a limit in the same run; ratios count, not the machine's mood."""
