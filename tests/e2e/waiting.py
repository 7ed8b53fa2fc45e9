"""The one place where tests wait for something outside of their process."""

import time


def wait_until(condition, what, seconds=60.0, step=0.02):
    """Asks `condition` until it answers truly; fails naming `what` when the time is over."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(step)
