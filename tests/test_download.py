import contextlib
import hashlib
import http.server
import socket
import threading
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import ends, holds, tried

from imagestudy import download as module
from imagestudy.download import download
from imagestudy.errors import StudyError

BODY = bytes(range(256)) * 4000
MD5 = hashlib.md5(BODY).hexdigest()
SIZE = len(BODY)


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves BODY; `server.cuts` says after how many bytes each coming answer breaks off."""

    def do_GET(self):
        self.server.requests.append(self.headers.get("Range"))
        if self.path == "/none":
            self.send_error(404)
            return
        if self.server.odd:
            self.odd(*self.server.odd.pop(0))
            return
        if self.server.failures:
            self.server.failures -= 1
            self.send_error(503)
            return
        start = 0
        asked = self.headers.get("Range")
        if asked and self.server.ranges:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(BODY):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(BODY)}")
                self.end_headers()
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(BODY) - 1}/{len(BODY)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(BODY) - start))
        self.end_headers()
        end = start + self.server.cuts.pop(0) if self.server.cuts else len(BODY)
        self.wfile.write(BODY[start:end])

    def odd(self, status, headers, body):
        """An answer of the test's own making; a body that is a number is so many endless pieces."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):
            if body is None:
                self.server.released.wait(20)
            elif isinstance(body, int):
                for number in range(body):
                    self.server.sent = number
                    self.wfile.write(b"x" * 100_000)
            else:
                self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.requests, server.cuts, server.ranges, server.failures = [], [], True, 0
        server.odd, server.released, server.sent = [], threading.Event(), 0
        server.url = f"http://127.0.0.1:{server.server_address[1]}/file"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.released.set()
        server.shutdown()


def test_whole_file(server, tmp_path):
    download(server.url, tmp_path / "deep" / "file", MD5, SIZE)
    assert (tmp_path / "deep" / "file").read_bytes() == BODY
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["file"]


def test_short_bodies_are_resumed(server, tmp_path):
    server.cuts = [1000, 5000]
    download(server.url, tmp_path / "file", MD5, SIZE, pause=0)
    assert (tmp_path / "file").read_bytes() == BODY
    assert server.requests == [None, "bytes=1000-", "bytes=6000-"]


def test_a_later_call_goes_on(server, tmp_path):
    server.cuts = [1000]
    with pytest.raises(StudyError, match=r"could not be fetched in 1 attempts.*run again to go on"):
        download(server.url, tmp_path / "file", MD5, SIZE, attempts=1)
    assert not (tmp_path / "file").exists()
    assert (tmp_path / "file.part").stat().st_size == 1000
    download(server.url, tmp_path / "file", MD5, SIZE)
    assert server.requests == [None, "bytes=1000-"]
    assert (tmp_path / "file").read_bytes() == BODY


def test_server_without_ranges_starts_again(server, tmp_path):
    server.ranges = False
    (tmp_path / "file.part").write_bytes(b"something")
    download(server.url, tmp_path / "file", MD5, SIZE)
    assert (tmp_path / "file").read_bytes() == BODY


def test_a_whole_part_is_only_checked(server, tmp_path):
    (tmp_path / "file.part").write_bytes(BODY)
    download(server.url, tmp_path / "file", MD5, SIZE)
    assert (tmp_path / "file").read_bytes() == BODY
    assert not (tmp_path / "file.part").exists()


def test_a_part_longer_than_the_file_is_dropped(server, tmp_path):
    (tmp_path / "file.part").write_bytes(BODY + b"more")
    download(server.url, tmp_path / "file", MD5, SIZE, pause=0)
    assert (tmp_path / "file").read_bytes() == BODY


def test_a_busy_server_is_asked_again(server, tmp_path):
    server.failures = 2
    download(server.url, tmp_path / "file", MD5, SIZE, pause=0)
    assert len(server.requests) == 3


def test_a_wrong_address_is_not_asked_again(server, tmp_path):
    with pytest.raises(StudyError, match=r"/none could not be fetched in 1 attempts .*404"):
        download(server.url.replace("/file", "/none"), tmp_path / "file", MD5, SIZE, pause=0)
    assert len(server.requests) == 1


def test_wrong_checksum(server, tmp_path):
    wrong = "0" * 32
    with pytest.raises(StudyError, match=f"is {MD5}; it must be {wrong}. The file is removed"):
        download(server.url, tmp_path / "file", wrong, SIZE)
    assert list(tmp_path.iterdir()) == []


def test_no_server(tmp_path):
    with pytest.raises(StudyError, match="could not be fetched in 2 attempts"):
        download("http://127.0.0.1:9/file", tmp_path / "file", MD5, SIZE, attempts=2, pause=0)


@tried(10, 200)
def test_breaks_at_any_byte_are_resumed(cases, server, tmp_path):
    target = tmp_path / "file"

    @given(st.lists(st.integers(0, SIZE - 1), max_size=5), st.booleans())
    def check(cuts, ranges):
        server.cuts, server.ranges = list(cuts), ranges
        with ends():
            download(server.url, target, MD5, SIZE, attempts=len(cuts) + 1, pause=0)
        assert target.read_bytes() == BODY
        assert [path.name for path in tmp_path.iterdir()] == ["file"]

    holds(cases, check)


OTHER = b"another file" * 1000
LONG = {"Content-Length": str(SIZE + 5)}


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        ((200, LONG, BODY + b"extra"), "sends more than the 1,024,000 bytes that the file has"),
        ((200, {}, BODY + b"extra"), "sends more than the 1,024,000 bytes"),
        ((200, {}, 10_000), "sends more than the 1,024,000 bytes"),
        ((200, {"Content-Length": str(len(OTHER))}, OTHER), "the MD5 of what came is .* removed"),
        ((200, {"Content-Length": str(SIZE)}, BODY[::-1]), "the MD5 of what came is .* removed"),
        ((204, {}, b""), "could not be fetched in 1 attempts"),
        ((200, {}, b""), "could not be fetched in 1 attempts .0 of 1024000 bytes came"),
        ((200, {}, OTHER), "could not be fetched in 1 attempts"),
        ((200, {"Content-Length": "many"}, OTHER), "could not be fetched in 1 attempts"),
        ((200, {"Content-Length": "-1"}, OTHER), "could not be fetched in 1 attempts"),
        ((200, {"Content-Length": "5, 6"}, OTHER), "could not be fetched in 1 attempts"),
        ((200, {"Transfer-Encoding": "chunked"}, b"zz\r\n"), "could not be fetched in 1 attempts"),
        ((200, {"Content-Encoding": "gzip"}, zlib.compress(BODY)), "could not be fetched in 1"),
        ((206, {}, OTHER), "continued at another byte"),
        ((206, {"Content-Range": "bytes 7-9/10"}, b"abc"), "continued at another byte"),
        ((416, {}, b""), "could not be fetched in 1 attempts"),
        ((301, {"Location": "file:///etc/passwd"}, b""), "could not be fetched in 1 attempts"),
        ((301, {"Location": "http://[x"}, b""), "could not be fetched in 1 attempts"),
        ((500, {}, b""), "could not be fetched in 1 attempts"),
    ],
)
def test_a_server_that_sends_something_else(server, tmp_path, answer, match):
    server.odd = [answer]
    with ends(), pytest.raises(StudyError, match=match):
        download(server.url, tmp_path / "file", MD5, SIZE, attempts=1)
    assert not (tmp_path / "file").exists()
    # The server has come to its senses. What it sent first may be taken for a beginning once.
    with contextlib.suppress(StudyError):
        download(server.url, tmp_path / "file", MD5, SIZE, pause=0)
    download(server.url, tmp_path / "file", MD5, SIZE, pause=0)
    assert (tmp_path / "file").read_bytes() == BODY


def test_what_was_compressed_is_not_kept(server, tmp_path):
    (tmp_path / "file.part").write_bytes(BODY[:1000])
    server.odd = [(200, {"Content-Encoding": "gzip"}, zlib.compress(BODY))]
    with pytest.raises(StudyError, match=r"the server sends it compressed \(gzip\)"):
        download(server.url, tmp_path / "file", MD5, SIZE, attempts=1)
    assert (tmp_path / "file.part").read_bytes() == BODY[:1000]


def test_a_redirection_is_followed_and_what_comes_with_it_not_read(server, tmp_path):
    server.odd = [(302, {"Location": "/other"}, 1_000_000)]
    with ends():
        download(server.url, tmp_path / "file", MD5, SIZE, attempts=1)
    assert (tmp_path / "file").read_bytes() == BODY
    assert server.sent < 1000


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
        (CHUNKED, b"a: b\r\n" * 1000),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    ],
)
def test_a_server_that_never_comes_to_an_end(tmp_path, monkeypatch, first, again):
    monkeypatch.setattr(module, "ALLOWANCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=endless, args=(listening, first, again), daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/file"
        with ends(), pytest.raises(StudyError, match="in 1 attempts .it was not there after 1 sec"):
            download(url, tmp_path / "file", MD5, 10_000, attempts=1)


def endless(listening, first, again):
    """Answer one request with `first`, and then with `again`, for ever."""
    connection, _ = listening.accept()
    with connection, contextlib.suppress(OSError):
        connection.recv(10_000)
        connection.sendall(first)
        while True:
            connection.sendall(again)
            time.sleep(0.001)


def test_an_endless_answer_is_ended(server, tmp_path):
    server.odd = [(200, {}, 1_000_000)]
    with ends(), pytest.raises(StudyError, match="sends more than"):
        download(server.url, tmp_path / "file", MD5, SIZE)
    assert list(tmp_path.iterdir()) == []


def test_a_redirection_without_end(server, tmp_path):
    server.odd = [(302, {"Location": server.url}, b"")] * 100
    with ends(), pytest.raises(StudyError, match="in 2 attempts .*redirects more than 10 times"):
        download(server.url, tmp_path / "file", MD5, SIZE, attempts=2, pause=0)


@pytest.mark.parametrize("sent", [{}, {"Content-Length": str(SIZE)}])
def test_a_server_that_says_nothing_is_not_waited_for(server, tmp_path, monkeypatch, sent):
    monkeypatch.setattr(module, "TIMEOUT", (2, 0.3))
    server.odd = [(200, sent, None)]
    with ends():
        download(server.url, tmp_path / "file", MD5, SIZE, attempts=2, pause=0)
    assert (tmp_path / "file").read_bytes() == BODY


def test_a_server_that_never_answers(server, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "TIMEOUT", (2, 0.2))
    server.odd = [(200, {"Content-Length": "9"}, None)] * 3
    with ends(), pytest.raises(StudyError, match="could not be fetched in 3 attempts .*timed out"):
        download(server.url, tmp_path / "file", MD5, SIZE, attempts=3, pause=0)
