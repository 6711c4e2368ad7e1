"""Drawing: colours, marks, axes, legends, files. Knows only the numbers it draws, no table of a sweep."""
