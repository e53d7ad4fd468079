"""The Hugging Face Hub: asked once whether it answers, and else only for what is cached of it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .files import reason, sentence

SILENCE = 30  # seconds without a byte, on any request, after which the Hub is taken to be gone


@contextmanager
def hub(what: str, cure: str, kept: str) -> Iterator[None]:
    """Fetch something from the Hub, in the lines within.

    kept: the folder in the Hub's cache where it is kept, such as "models--owner--name". If there is
        one, no bars are drawn: little or nothing is left to fetch.
    Raises: RuntimeError saying what could not be had, why, and the cure.
    """
    from huggingface_hub import constants
    from huggingface_hub.utils import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
        get_session,
    )

    was_offline, without_xet = constants.HF_HUB_OFFLINE, constants.HF_HUB_DISABLE_XET
    folder, silence = Path(constants.HF_HUB_CACHE, kept), None
    is_ours = constants.HF_HUB_DISABLE_PROGRESS_BARS is None  # else the user has decided on bars
    quieten = is_ours and folder.exists() and not are_progress_bars_disabled()
    constants.HF_HUB_DISABLE_XET = True  # its requests are not the client's, and have no limit
    try:
        get_session().head(constants.ENDPOINT, timeout=10)
        wait_no_longer(get_session())
    except Exception as error:  # of whatever kind: the client would try again for half a minute
        constants.HF_HUB_OFFLINE, silence = True, error
    if quieten:
        disable_progress_bars()
    try:
        yield
    except Exception as error:  # the hub client raises its own, httpx's and the system's errors
        if told := sentence(error):
            raise RuntimeError(told) from None
        why = answer(silence or error)
        if not why and not silence and folder.exists():
            cure += f"; if it fails again, delete {folder}, which may be damaged"
        why = why or reason(silence or error)
        raise RuntimeError(f"{what} could not be had from the Hub ({why}): {cure}.") from None
    finally:
        if quieten:
            enable_progress_bars()
        constants.HF_HUB_OFFLINE, constants.HF_HUB_DISABLE_XET = was_offline, without_xet


def wait_no_longer(client) -> None:
    """Give every request of the Hub's client a limit, which many of them lack, and one more try."""
    asked: Counter = Counter()

    def limit(request) -> None:
        request.extensions["timeout"] = {
            phase: seconds or SILENCE for phase, seconds in request.extensions["timeout"].items()
        }
        key = f"{request.method} {request.url}"
        asked[key] += 1
        if asked[key] > 2:  # the client itself would try six times
            raise TimeoutError(f"{request.url} sent nothing, twice")

    def is_answered(response) -> None:
        asked.pop(f"{response.request.method} {response.request.url}", None)

    hooks = client.event_hooks
    if not any(hook.__name__ == limit.__name__ for hook in hooks["request"]):
        hooks["request"].append(limit)
        hooks["response"].append(is_answered)


def answer(error: BaseException) -> str | None:
    """What the Hub answered, or that it did not, if an error follows from that."""
    cause = error
    while cause:
        status = getattr(getattr(cause, "response", None), "status_code", 0)
        if status >= 500:
            return f"it answers with the error {status}"
        if "Timeout" in type(cause).__name__:
            return f"it sent nothing for {SILENCE} seconds"
        cause = cause.__cause__ or cause.__context__
    return None
