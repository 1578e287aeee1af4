"""What people decided, put to use: labelled cases, disagreements, drift, and shadow runs."""
