"""The test corpus of the image engine: archives, and what each must give. See ../README.md."""
