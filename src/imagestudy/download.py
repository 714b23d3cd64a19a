"""Files fetched from the network: resumed where they stopped, checked before they are used."""

import contextlib
import hashlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import requests
import urllib3
from tqdm import tqdm

from imagestudy.errors import StudyError

ATTEMPTS = 5
PAUSE = 2.0  # seconds after the first failure, doubled after each
TIMEOUT = (15, 60)  # seconds to connect, and between two pieces
PIECE = 1 << 18
MOST_REDIRECTIONS = 10
# What an attempt may take: an answer may also be kept without end before and behind its body.
SLOWEST = 20_000  # bytes a second
ALLOWANCE = 300.0  # seconds besides
WORTH_ASKING_AGAIN = (408, 429)  # the server timed out; it was asked too often


class _ShortError(Exception):
    """The connection ended before the file did."""


class _Session(requests.Session):
    """Follows no redirection: it would read the whole body of each answer first."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


# A redirection to what is no address is a `ValueError`.
BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, ValueError, _ShortError)


def download(
    url: str, target: Path, md5: str, size: int, attempts: int = ATTEMPTS, pause: float = PAUSE
) -> None:
    """Fetch `url` into `target`, whose MD5 must be `md5`; it has `size` bytes.

    What came before a break stays in `<target>.part`, and is continued by the next attempt or
    the next call. `target` appears only when it is whole. It runs in the main thread: what takes
    too long is ended by a signal.
    """
    partial = target.with_name(f"{target.name}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(1, attempts + 1):
        try:
            _fetch(url, partial, size)
            break
        except BROKEN as error:
            if attempt == attempts or _hopeless(error):
                raise StudyError(
                    f"{url} could not be fetched in {attempt} attempts ({error}). What came is "
                    f"kept in {partial}; run again to go on, or put the file into data_root"
                ) from None
            print(f"{url}: {error}; attempt {attempt + 1} of {attempts} follows", flush=True)
            time.sleep(pause * 2 ** (attempt - 1))
    with partial.open("rb") as file:
        found = hashlib.file_digest(file, "md5").hexdigest()
    if found != md5:
        partial.unlink(missing_ok=True)
        raise StudyError(
            f"{url}: the MD5 of what came is {found}; it must be {md5}. The file is removed; run "
            "again, and if that does not help, the server holds another file"
        )
    partial.replace(target)


def _hopeless(error: Exception) -> bool:
    """Whether the server said that asking again would not help."""
    response = getattr(error, "response", None)
    if response is None or response.status_code in WORTH_ASKING_AGAIN:
        return False
    return 400 <= response.status_code < 500


def _fetch(url: str, partial: Path, size: int) -> None:
    have = partial.stat().st_size if partial.exists() else 0
    # Compressed on the way, a body could not be continued at a byte of the file.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with _ended_after(ALLOWANCE + size / SLOWEST), _Session() as session:
        _continue(_answer(session, url, headers), url, partial, size, have)


@contextlib.contextmanager
def _ended_after(seconds: float) -> Iterator[None]:
    """End what is inside after this time, wherever it then waits or goes in circles."""

    def end(*_: object) -> None:
        raise _ShortError(f"it was not there after {seconds:,.0f} seconds")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _answer(session: _Session, url: str, headers: dict[str, str]) -> requests.Response:
    for _ in range(MOST_REDIRECTIONS + 1):
        response = session.get(url, headers=headers, stream=True, timeout=TIMEOUT)
        if not response.is_redirect:
            return response
        response.close()
        url = urljoin(url, response.headers["Location"])
    raise _ShortError(f"the server redirects more than {MOST_REDIRECTIONS} times")


def _continue(response: requests.Response, url: str, partial: Path, size: int, have: int) -> None:
    """Write what comes to `partial`, which has `have` bytes, or instead of them."""
    with response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            if response.headers.get("Content-Range", "") == f"bytes */{have}":
                return
            partial.unlink(missing_ok=True)
            raise _ShortError(f"the server has fewer than the {have} bytes kept; they are dropped")
        response.raise_for_status()
        encoding = response.headers.get("Content-Encoding", "identity")
        if encoding != "identity":
            raise _ShortError(f"the server sends it compressed ({encoding[:20]}), as nobody asked")
        resumed = response.status_code == requests.codes.partial_content
        if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            partial.unlink(missing_ok=True)
            raise _ShortError("the server continued at another byte; what was kept is dropped")
        start = have if resumed else 0
        length = response.headers.get("Content-Length", "")
        total = start + int(length) if length.isascii() and length.isdigit() else None
        with (
            partial.open("ab" if resumed else "wb") as file,
            tqdm(
                total=size,
                initial=start,
                unit="B",
                unit_scale=True,
                desc=partial.stem,
                mininterval=2,
            ) as progress,
        ):
            # Unlike `iter_content`, this hands over what came before a break.
            while piece := response.raw.read1(PIECE):
                file.write(piece)
                progress.update(len(piece))
                if file.tell() > size:
                    break
            end = file.tell()
    if end > size:
        partial.unlink(missing_ok=True)
        raise StudyError(
            f"{url} sends more than the {size:,} bytes that the file has; what came is removed. "
            "Run again, and if that does not help, the server holds another file"
        )
    if end < size and (total is None or end < total):
        raise _ShortError(f"{end} of {total or size} bytes came before the connection ended")
