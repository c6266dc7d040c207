# SPDX-License-Identifier: Apache-2.0
"""damage.py cut|flip COUNT FILE DIR: COUNT damaged copies of a file in DIR, named by where the
damage is: cut off there, or with one bit turned. The places are spread evenly and always the same;
the first and last bytes are among them."""

import random
import sys

how, count, path, out = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
with open(path, "rb") as f:
    data = f.read()
dice = random.Random(len(data))
places = {0, 1, 3, 9, len(data) // 2, len(data) - 1}
while len(places) < min(count, len(data)):
    places.add(dice.randrange(len(data)))
for place in sorted(places):
    if how == "cut":
        damaged = data[:place]
    else:
        damaged = bytearray(data)
        damaged[place] ^= 1 << dice.randrange(8)
    with open(f"{out}/{place}", "wb") as f:
        f.write(damaged)
