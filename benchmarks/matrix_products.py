"""Worker: the machine's peak of matrix products. usage: matrix_products.py DTYPE THREADS"""

import json
import sys
import time

from imagestudy import device

SIDE, TIMES = 2048, 12

if __name__ == "__main__":
    device.prepare(int(sys.argv[2]), "float32", seed=1)
    import tensorflow as tf

    one = tf.cast(tf.random.normal((SIDE, SIDE)), sys.argv[1])

    @tf.function
    def product(other):
        """The other times the one."""
        return tf.matmul(other, one)

    for _ in sys.stdin:
        began = time.monotonic()
        for _ in range(TIMES):
            product(one).numpy()
        print(json.dumps(TIMES * 2 * SIDE**3 / (time.monotonic() - began)), flush=True)
