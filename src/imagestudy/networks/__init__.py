"""The networks of the study: raw uint8 pictures in, class probabilities out."""
