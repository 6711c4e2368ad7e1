"""Creates an object in a store: create_object.py ADDRESS."""

import sys

from sweep.storage.address import parsed
from sweep.storage.objects import at

at(parsed(sys.argv[1])).create("a", b"1")
