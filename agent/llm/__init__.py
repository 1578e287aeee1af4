"""The engines that ask a language model: bounded, and believed only as far as the message and the records bear it out."""
