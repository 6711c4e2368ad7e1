"""How figures look: colours, marks, axes, legends, files. Draws what it is given; reads no table of a sweep."""
