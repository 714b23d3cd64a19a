"""Worker: the machine's peak of matrix products. usage: matrix_products.py DTYPE THREADS"""

import json
import math
import sys
import time

from imagestudy import device
from imagestudy.lean import keras

SIDES, TIMES = {device.CPU: 2048, device.GPU: 16384}, 12

if __name__ == "__main__":
    device.prepare(int(sys.argv[2]), "float32", seed=1)
    side = SIDES[device.kind()]
    # Scaled so that products of products stay finite.
    one = keras.random.normal((side, side), stddev=1 / math.sqrt(side))
    one = keras.ops.cast(one, sys.argv[1])
    for _ in sys.stdin:
        began, product = time.monotonic(), one
        for _ in range(TIMES):
            product = keras.ops.matmul(product, one)
        keras.ops.convert_to_numpy(product[:1, :1])  # waits for the last
        print(json.dumps(TIMES * 2 * side**3 / (time.monotonic() - began)), flush=True)
