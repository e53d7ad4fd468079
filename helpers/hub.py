"""The Hugging Face Hub: asked once whether it answers, and else only for what is cached of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from .files import reason


@contextmanager
def hub(what: str, cure: str) -> Iterator[None]:
    """Fetch something from the Hub, in the lines within.

    Raises: RuntimeError saying what could not be had, why, and the cure.
    """
    from huggingface_hub import constants
    from huggingface_hub.utils import get_session

    was_offline, silence = constants.HF_HUB_OFFLINE, None
    try:
        get_session().head(constants.ENDPOINT, timeout=10)
    except Exception as error:  # of whatever kind: the client would try again for half a minute
        constants.HF_HUB_OFFLINE, silence = True, error
    try:
        yield
    except Exception as error:  # the hub client raises its own, httpx's and the system's errors
        why = reason(silence or error)
        raise RuntimeError(f"{what} could not be had from the Hub ({why}): {cure}.") from None
    finally:
        constants.HF_HUB_OFFLINE = was_offline
