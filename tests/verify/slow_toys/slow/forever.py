"""A check that never ends within its time limit."""

import time

from verify import Claim, Evidence, Level

claim = Claim(label="slow:forever", where="nowhere", says="1 = 1", value=1, mutants={"two": 2})


@claim.check(Level.PROVED, time_limit=600.0)
def forever(stated: int) -> Evidence:
    while True:
        time.sleep(1)
