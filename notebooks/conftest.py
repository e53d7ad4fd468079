"""For `python3 course.py test`: nbval, made to see every failure and to overlook warnings."""

import pytest
from nbval.plugin import IPyNbCell


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item):
    """Let a cell fail if the kernel says so (an unknown %magic, say); do not compare stderr."""
    if not isinstance(item, IPyNbCell):
        return (yield)
    item.parent.skip_compare = {*item.parent.skip_compare, "stderr"}
    kernel, replies = item.parent.kernel, []
    get_message = type(kernel).get_message

    def listen(stream: str, timeout: float | None = None) -> dict:
        message = get_message(kernel, stream, timeout=timeout)
        if stream == "shell":
            replies.append(message["content"])
        return message

    kernel.get_message = listen
    result = yield
    if replies[-1]["status"] == "error" and not item.options["check_exception"]:
        item.raise_cell_error(f"The kernel reports {replies[-1].get('ename', 'an error')}")
    return result
