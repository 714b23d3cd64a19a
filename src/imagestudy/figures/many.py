"""How many classes a figure names."""

# Of more, all are shown without their names.
NAMED_CLASSES = 12
# Of more, the confusion matrix has so many with their names.
CONFUSED_CLASSES = 20
