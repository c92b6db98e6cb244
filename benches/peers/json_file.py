"""Stands in for Python's `keyring get`: the interpreter and one JSON file, and nothing of its backends."""

import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    print(json.load(file)[sys.argv[2]])
