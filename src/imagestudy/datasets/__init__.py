"""Readers of archives and folders of pictures, each a `Listing` of what lies where."""
