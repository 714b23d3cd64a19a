import hashlib
import http.server
import threading

import pytest

from imagestudy.download import download
from imagestudy.errors import StudyError

BODY = bytes(range(256)) * 4000
MD5 = hashlib.md5(BODY).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves BODY; `server.cuts` says after how many bytes each coming answer breaks off."""

    def do_GET(self):
        self.server.requests.append(self.headers.get("Range"))
        if self.path == "/none":
            self.send_error(404)
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

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.requests, server.cuts, server.ranges, server.failures = [], [], True, 0
        server.url = f"http://127.0.0.1:{server.server_address[1]}/file"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_whole_file(server, tmp_path):
    download(server.url, tmp_path / "deep" / "file", MD5)
    assert (tmp_path / "deep" / "file").read_bytes() == BODY
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["file"]


def test_short_bodies_are_resumed(server, tmp_path):
    server.cuts = [1000, 5000]
    download(server.url, tmp_path / "file", MD5, pause=0)
    assert (tmp_path / "file").read_bytes() == BODY
    assert server.requests == [None, "bytes=1000-", "bytes=6000-"]


def test_a_later_call_goes_on(server, tmp_path):
    server.cuts = [1000]
    with pytest.raises(StudyError, match=r"could not be fetched in 1 attempts.*run again to go on"):
        download(server.url, tmp_path / "file", MD5, attempts=1)
    assert not (tmp_path / "file").exists()
    assert (tmp_path / "file.part").stat().st_size == 1000
    download(server.url, tmp_path / "file", MD5)
    assert server.requests == [None, "bytes=1000-"]
    assert (tmp_path / "file").read_bytes() == BODY


def test_server_without_ranges_starts_again(server, tmp_path):
    server.ranges = False
    (tmp_path / "file.part").write_bytes(b"something")
    download(server.url, tmp_path / "file", MD5)
    assert (tmp_path / "file").read_bytes() == BODY


def test_a_whole_part_is_only_checked(server, tmp_path):
    (tmp_path / "file.part").write_bytes(BODY)
    download(server.url, tmp_path / "file", MD5)
    assert (tmp_path / "file").read_bytes() == BODY
    assert not (tmp_path / "file.part").exists()


def test_a_part_longer_than_the_file_is_dropped(server, tmp_path):
    (tmp_path / "file.part").write_bytes(BODY + b"more")
    download(server.url, tmp_path / "file", MD5, pause=0)
    assert (tmp_path / "file").read_bytes() == BODY


def test_a_busy_server_is_asked_again(server, tmp_path):
    server.failures = 2
    download(server.url, tmp_path / "file", MD5, pause=0)
    assert len(server.requests) == 3


def test_a_wrong_address_is_not_asked_again(server, tmp_path):
    with pytest.raises(StudyError, match=r"/none could not be fetched in 1 attempts .*404"):
        download(server.url.replace("/file", "/none"), tmp_path / "file", MD5, pause=0)
    assert len(server.requests) == 1


def test_wrong_checksum(server, tmp_path):
    wrong = "0" * 32
    with pytest.raises(StudyError, match=f"is {MD5}; it must be {wrong}. The file is removed"):
        download(server.url, tmp_path / "file", wrong)
    assert list(tmp_path.iterdir()) == []


def test_no_server(tmp_path):
    with pytest.raises(StudyError, match="could not be fetched in 2 attempts"):
        download("http://127.0.0.1:9/file", tmp_path / "file", MD5, attempts=2, pause=0)
