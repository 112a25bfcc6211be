# SPDX-License-Identifier: Apache-2.0
"""Says how Python's configparser reads each file of a folder.

usage: configparser_oracle.py FOLDER > ANSWERS

One JSON object a line, in the order of the file names:
{"name": …, "error": type or null, "defaults": [[key, raw]], "sections": [[name, [[key, raw]]]],
 "interpolated": [[section, key, value, or null where configparser refuses]]}
"""

import configparser
import json
import os
import sys


def interpolated(parser, section):
    values = []
    # options() refuses DEFAULT, so ask for its keys apart.
    keys = parser.defaults() if section == parser.default_section else parser.options(section)
    for key in keys:
        try:
            values.append([section, key, parser.get(section, key)])
        except configparser.InterpolationError:
            values.append([section, key, None])
    return values


def answer(path):
    raw = configparser.ConfigParser(interpolation=None, strict=True)
    basic = configparser.ConfigParser(strict=True)
    try:
        for parser in (raw, basic):
            with open(path, encoding="utf-8") as file:
                parser.read_file(file, "file")
    except (configparser.Error, UnicodeDecodeError) as error:
        return {"error": type(error).__name__}
    return {
        "error": None,
        "defaults": list(raw.defaults().items()),
        "sections": [[name, list(raw._sections[name].items())] for name in raw.sections()],
        "interpolated": [
            value
            for name in [basic.default_section, *basic.sections()]
            for value in interpolated(basic, name)
        ],
    }


def main(folder):
    for name in sorted(os.listdir(folder)):
        print(json.dumps({"name": name, **answer(os.path.join(folder, name))}))


if __name__ == "__main__":
    main(sys.argv[1])
