"""Print the lines of `EQUAL_NUMBERS` with the identities of the code as it is now."""

import json

from trainables.identity.components import identities
from trainables.identity.equal_code import EQUAL_NUMBERS, FIRST

for name, identity in identities().items():
    known = EQUAL_NUMBERS.get(name) or (FIRST.get(name, identity),)
    print(f'    "{name}": {json.dumps([*known, *({identity} - {*known})])},')
