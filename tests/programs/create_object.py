"""Creates an object in a store: create_object.py ADDRESS."""

import sys

from sweep.storage.address import place_of
from sweep.storage.objects import at

at(place_of(sys.argv[1])).create("a", b"1")
