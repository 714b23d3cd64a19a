"""The library of the study: data, networks, training, search, results and report."""
