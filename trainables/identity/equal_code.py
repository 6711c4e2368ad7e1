"""LEAF. Identities of components whose code is known to give equal numbers, as the golden tests have shown.

When code was rewritten, and the golden test in `tests/store_schema` passes, `python -m trainables.identity` prints
the lines of `EQUAL_NUMBERS` with the identities of now; those of one identity alone can be left out. When numbers
were changed on purpose the line goes: then runs tell that stored points were computed by other code.
"""

from collections.abc import Mapping

OF_LATER_KINDS: Mapping[str, str] = {"activation tanh": "9700c87afd917a43"}
"""Components of code that had them as part of another one, before their kind was one of its own."""

FIRST: Mapping[str, str] = {
    "data set mnist": "21aa36ada26ec8a1",
    "data set digits": "9173ea76f6ab4421",
    "architecture mlp": "569fbc89c9371c2d",
    "architecture shortcut": "fe4ab29ebc6f28a4",
    "architecture resnet": "020f409af2d1f757",
    "architecture shortcut_resnet": "04de88d0a46b077b",
    "initializer glorot_normal": "e5bdf4289055eba9",
    "initializer he_normal": "21654085f63ff41a",
    "initializer gaussian": "19ccb5ae2710cca4",
    "initializer orthogonal": "dbe4e78a0a183788",
    "optimizer rmsprop": "f7bdce3e521887d5",
    "optimizer sgd": "7eca2efd68fe2afe",
    "optimizer adam": "46fb1124d8494bb8",
    "training": "261ec65eea815765",
    "estimator ksg": "20b34d0fe1aaca70",
    "estimator ksg2": "9d4673d3eca85b3e",
    "estimator npeet": "ba4c79d86bf364c1",
    **OF_LATER_KINDS,
}
"""The components of the code whose checksum was de74e5cc8f74..., the first whose store is kept for the tests."""

BEFORE_COMPONENTS: Mapping[str, Mapping[str, str]] = {
    "de74e5cc8f744be5abbd7bcf9a5ea4bbbebb33f67efd5387de9282bed3023e9b": FIRST,
}
"""By the checksum of the whole package, the components of code from before their identities were recorded."""

EQUAL_NUMBERS: Mapping[str, list[str]] = {
    "data set mnist": ["21aa36ada26ec8a1", "bf8590c0c9a3f021"],
    "architecture mlp": ["569fbc89c9371c2d", "0b037a24c6430a0f"],
    "architecture shortcut": ["fe4ab29ebc6f28a4", "60e3eee658b2d135"],
    "architecture resnet": ["020f409af2d1f757", "f448b2ea3e9d59ed"],
    "architecture shortcut_resnet": ["04de88d0a46b077b", "35060659f72e5562"],
    "training": ["261ec65eea815765", "4bcf6ce01e49b300", "c146fb9e55fb1232", "477c22ce732ef144", "8fba42eeceba731e"],
    "estimator ksg": [
        "20b34d0fe1aaca70",
        "d7437624f7d3087b",
        "231a1db31c9582e3",
        "7ead4a5a751d3107",
        "1f83620669866f38",
        "364b849efc02b0dd",
    ],
    "estimator ksg2": [
        "9d4673d3eca85b3e",
        "337234f13de13705",
        "37016a017e5068c0",
        "b92d730f948223ea",
        "a44e0616c2b07c55",
        "0b987283bf21a477",
    ],
    "estimator npeet": [
        "ba4c79d86bf364c1",
        "a709813e5b696723",
        "26cd2ce1289aa2cc",
        "98f280dc4579e0cb",
        "081e01ce62e08beb",
        "2adf4e8d5b657608",
    ],
    "measure rank": [
        "4b235e342ed24036",
        "ab4a401d69e3f941",
        "1d98eca528382869",
        "97bc90be6663a793",
        "5fb7584ff3f5e91c",
    ],
    "measure gaussian": [
        "34a1f79e0b5a673a",
        "c10e61ec37de3c8b",
        "399fe167e2eefc29",
        "5294d517020ef4fe",
        "212d4fc20ae1084b",
    ],
    "measure sliced": [
        "bfb24a73f2dd8114",
        "072e2b81e686fca8",
        "0bd3953a9ffc842a",
        "f476c3ba12ae1c76",
        "349a87105f6b87b4",
    ],
    "measure binned": [
        "bee7cae1583bfdd0",
        "7b6774457de7d56a",
        "c84302207bfff4db",
        "64bd95020a72bef1",
        "78bb7517d0fec6f3",
    ],
    "measure channel": [
        "f483ccb53ce3bd44",
        "3f49d526bf501252",
        "dc512900ef62b31e",
        "88e8d554660fddc8",
        "d6c6602179bdd149",
    ],
    "measure geometry": [
        "f483ccb53ce3bd44",
        "3f49d526bf501252",
        "dc512900ef62b31e",
        "88e8d554660fddc8",
        "d6c6602179bdd149",
    ],
}
"""By component, identities that give equal numbers, the first one first."""
