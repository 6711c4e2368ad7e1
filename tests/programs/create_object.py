"""Creates an object in a store: create_object.py ADDRESS."""

import sys

from sweep.storage import at, place_of

at(place_of(sys.argv[1])).create("a", b"1")
