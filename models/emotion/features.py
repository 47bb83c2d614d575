"""What the emotion model sees of a post."""

from models.common.text import TextFeatures

FEATURES = TextFeatures()
