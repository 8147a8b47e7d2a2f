"""moto's server, with a JSON parser for ImportTable that knows escapes.

moto 5.2.5 reads DynamoDB JSON with py-partiql-parser, which takes the \\" in a string for its end and drops the item
without counting an error. DynamoDB reads JSON as everybody does, so the lines are given to Python's own parser.
"""

import json

import py_partiql_parser
from moto.server import main


class LineParser:
    @staticmethod
    def parse(original):
        return [json.loads(line) for line in original.split("\n") if line]


py_partiql_parser.JsonParser = LineParser
main()
