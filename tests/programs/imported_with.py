"""Imports modules; prints those of other names that came with them: imported_with.py MODULE,... NAME,..."""

import importlib
import sys

for module in sys.argv[1].split(","):
    importlib.import_module(module)
print(*sorted(set(sys.argv[2].split(",")) & set(sys.modules)))
