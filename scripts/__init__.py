"""What the commands of noxfile.py do."""
