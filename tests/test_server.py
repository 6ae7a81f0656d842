"""The server of a run: who is answered, which files are served, ranges, many readers at once."""

import json
import os
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scorelens.errors import ConfigError
from scorelens.server.run_folder import find_run
from tests.desk_pages import FILES, VIDEO
from tests.served_runs import INDEX, NIGHT, row, serving, write_run


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A served run whose media another folder has; the page of the film was read."""
    folder = tmp_path_factory.mktemp("a run #1 100% — 桌")
    media = tmp_path_factory.mktemp("media")
    write_run(folder / "run", media)
    (folder / "run" / "secret.txt").write_text("secret")
    (folder / "run" / "results" / "corpus").mkdir()
    (folder / "run" / "results" / "corpus" / "films.tsv").write_text("secret")
    (media / "other.mp4").write_text("secret")
    with serving(folder / "run") as served:
        served.video = media / VIDEO
        served.other = media / "other.mp4"
        served.tracks = [media / "album's" / name for name in FILES.values()]
        assert served.page(NIGHT)[0] == 200
        yield served


# Who is answered


@pytest.mark.parametrize(
    "path",
    [
        *["/", "/files/etc/passwd", "/api/corrections", "/nothing", "/?token=wrong"],
        *["/search", "/api/search", "/api/search/sound/0"],
    ],
)
@pytest.mark.parametrize("cookie", [None, "scorelens=1", "no cookie;;=", "wrong"])
def test_without_the_token_nothing_is_answered(served, path, cookie):
    cookie = f"scorelens_{served.port}=wrong" if cookie == "wrong" else cookie
    status, headers, body = served.request(path, Cookie=cookie, Origin=None)
    assert status == 403
    assert b"token" in body
    assert "set-cookie" not in headers


def test_token_gives_a_strict_cookie_and_leaves_the_address(served):
    status, headers, body = served.request(
        f"/?token={served.keys.token}", Cookie=None, Origin=None, Sec_Fetch_Site="none"
    )
    assert status == 200
    name, *flags = headers["set-cookie"].split("; ")
    assert name == served.cookie
    assert {flag.lower() for flag in flags} == {"httponly", "path=/", "samesite=strict"}
    assert b'content="0; url=/"' in body
    assert served.keys.token.encode() not in body
    assert served.keys.token not in served.cookie
    assert served.request(f"/?token={served.keys.cookie}", Cookie=None, Origin=None)[0] == 403


def test_ticket_of_the_browser_is_taken_once(served):
    ticket = f"/?token={served.keys.ticket}"
    assert [served.request(ticket, Cookie=None)[0] for _ in range(2)] == [200, 403]
    assert served.request("/?token=", Cookie=None)[0] == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}", ""]
)
def test_another_host_name_is_refused_even_with_the_cookie(served, host):
    name = host.format(port=served.port)
    for path in ("/", "/api/corrections", served.file(served.video)):
        status, _, body = served.request(path, Host=name, Origin=f"http://{name}")
        assert (status, body) == (403, b"wrong host")
    assert served.request(f"/?token={served.keys.token}", Host=name)[0] == 403


def test_two_host_names_are_refused(served):
    assert served.request("/", Host=[served.host, "evil.example"])[0] in (400, 403)


def test_localhost_is_answered(served):
    name = f"localhost:{served.port}"
    assert served.request("/", Host=name, Origin=f"http://{name}")[0] == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://{host}", ""]
)
def test_other_origins_are_refused_and_get_no_permission(served, origin):
    origin = origin.format(host=served.host)
    for method in ("GET", "HEAD", "PUT", "POST", "OPTIONS", "DELETE"):
        status, headers, _ = served.request("/api/corrections/night", method, Origin=origin)
        assert status == 403
        assert not [name for name in headers if name.startswith("access-control")]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_pages_of_other_origins_cannot_embed_or_send(served, site):
    video = served.file(served.video)
    embedded = {"Sec_Fetch_Site": site, "Sec_Fetch_Mode": "no-cors", "Origin": None}
    assert served.request(video, **embedded)[0] == 403
    visit = {"Sec_Fetch_Site": site, "Sec_Fetch_Mode": "navigate", "Origin": None}
    assert served.request("/", **visit, Sec_Fetch_Dest="iframe")[0] == 403
    visit["Sec_Fetch_Dest"] = "document"
    assert served.request("/", **visit)[0] == 200
    assert served.request("/api/corrections/night", "PUT", b"{}", **visit)[0] == 403


def test_saving_needs_an_origin_and_json(served):
    version = served.saved("night")["version"]
    assert served.save("night", version, [row()], Origin=None)[0] == 403
    assert served.save("night", version, [row()], Content_Type="text/plain")[0] == 415
    assert served.saved("night")["rows"] == []


def test_every_answer_has_a_policy_and_is_not_sniffed_framed_or_stored(served):
    answers = [
        *(served.request(path) for path in ("/", "/api/corrections", "/nothing", "/start.css")),
        *(served.page(name) for name in (INDEX, NIGHT, "results/desk/assets/film.js")),
        *(served.request("/", Cookie=None), served.request(served.file(served.video))),
    ]
    for _, headers, _ in answers:
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert not re.search(r"unsafe|\*|http|file:", policy)
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


# Which files are served


def test_start_page_names_the_pages_and_the_file(served):
    _, _, body = served.request("/")
    assert served.file(served.folder / INDEX) in body.decode()
    assert str(served.folder / "corrections.tsv") in body.decode()
    assert "No settings name" not in body.decode()


def test_search_is_a_page_and_says_that_nothing_is_indexed(served):
    assert 'href="/search"' in served.request("/")[2].decode()
    status, headers, body = served.request("/search")
    assert status == 200 and "<h1>Search music</h1>" in body.decode()
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    status, _, body = served.request("/api/search")
    assert status == 400 and "nothing is indexed" in json.loads(body)["message"]


def test_pages_styles_and_media_of_pages_are_served(served):
    for name, kind in (
        (INDEX, "text/html; charset=utf-8"),
        ("results/desk/assets/film.js", "text/javascript; charset=utf-8"),
        ("results/desk/assets/desk.css", "text/css; charset=utf-8"),
    ):
        status, headers, body = served.page(name)
        assert (status, headers["content-type"]) == (200, kind)
    assert body == (served.folder / "results/desk/assets/desk.css").read_bytes()
    for path in (served.video, *served.tracks):
        status, headers, body = served.request(served.file(path))
        assert status == 200
        assert body == path.read_bytes()
        assert headers["content-type"].split("/")[0] in ("video", "audio")


def test_a_page_names_its_media_and_only_media(served, tmp_path):
    folder = write_run(tmp_path / "run", tmp_path / "media", is_playable=False)
    page = folder / NIGHT
    named = [str(tmp_path / name) for name in ("x.wav", "id_rsa", "my.yaml", "page.html")]
    for path in named:
        (tmp_path / path).write_text("secret")
    data = {"film": {"address": f"file://{named[1]}"}, "home": str(tmp_path), "path": named}
    text = f'<html lang="en"><script type="application/json" id="data">{json.dumps(data)}</script>'
    with serving(folder) as other:
        assert other.request(other.file(named[0]))[0] == 404  # before its page is read
        page.write_text(text)
        other.page(NIGHT)
        assert [other.request(other.file(path))[0] for path in named] == [200, 404, 404, 404]


def escapes(served):
    results, root = served.folder / "results", "/files"
    inside = served.file(results / "desk")
    yield from (root + "/etc/passwd", root + "//etc/passwd", "/etc/passwd", root, root + "/")
    for path in ("../../secret.txt", "../corpus/films.tsv", "films/../../../secret.txt"):
        yield f"{inside}/{path}"
        yield f"{inside}/{path.replace('../', '..%2f')}"
        yield f"{inside}/{path.replace('..', '%2e%2e')}"
        yield f"{inside}/{path.replace('../', '%252e%252e%252f')}"
        yield f"{inside}/{path.replace('../', '..%5c')}"
        yield f"{inside}/{path}%00.html"
    yield f"{inside}/films//night.html"
    yield f"{inside}/./index.html"
    yield f"{inside}/films/../index.html"
    yield f"{inside}/assets/../../desk/assets/film.js"
    yield f"{inside}/films/%2e%2e/%2e%2e/%2e%2e/secret.txt"
    yield f"{inside}/index.html/"
    yield f"{inside}/films/../../../../../../../../../../etc/passwd"
    yield served.file(results / "corpus" / "films.tsv")
    yield served.file(served.folder / "my.yaml")
    yield served.file(served.folder / "corrections.tsv")
    yield served.file(served.other)
    yield served.file(served.video.parent)
    yield served.file(str(served.video) + "/../other.mp4")
    yield served.file(results / "desk" / "films")


def test_nothing_else_is_served_however_it_is_asked_for(served):
    for path in escapes(served):
        status, _, body = served.request(path)
        assert status in (400, 404), path
        assert b"secret" not in body
        assert b"root:" not in body


def test_links_out_of_the_results_are_not_followed(tmp_path):
    folder = write_run(tmp_path / "run", tmp_path / "media", is_playable=False)
    (tmp_path / "secret.html").write_text("<html>secret")
    desk = folder / "results" / "desk"
    (desk / "films" / "link.html").symlink_to(tmp_path / "secret.html")
    (desk / "films" / "inside.html").symlink_to(desk / "index.html")
    (desk / "films" / "folder.html").mkdir()
    os.mkfifo(desk / "films" / "pipe.html")
    with serving(folder) as served:
        names = ("link", "folder", "pipe", "absent", "inside")
        statuses = [served.page(f"results/desk/films/{name}.html")[0] for name in names]
        assert statuses == [404, 404, 404, 404, 200]
        (desk / "assets").rename(tmp_path / "assets")
        (desk / "assets").symlink_to(tmp_path / "assets")
        assert served.page("results/desk/assets/film.js")[0] == 404


def test_a_run_by_its_results_or_by_a_link_is_the_same(tmp_path):
    (tmp_path / "run" / "results").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "run")
    runs = {find_run(tmp_path / name) for name in ("run", "run/results", "link")}
    (run,) = runs
    assert run.corrections == tmp_path / "run" / "corrections.tsv"
    assert not run.is_named
    (tmp_path / "other.yaml").write_text("cues: {corrections: notes/c.tsv}")
    run = find_run(tmp_path / "run", tmp_path / "other.yaml")
    assert (run.corrections, run.is_named) == (tmp_path / "run" / "notes" / "c.tsv", True)
    with pytest.raises(ConfigError, match="has no results"):
        find_run(tmp_path)
    (tmp_path / "run" / "my.yaml").write_text("cues: [")
    with pytest.raises(ConfigError, match=r"my\.yaml: cannot be read"):
        find_run(tmp_path / "run")


# Ranges


@pytest.mark.parametrize(
    ("requested", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=1000-", 1000, None),
        ("bytes=-17", -17, None),
        ("bytes=5-99999999999", 5, None),
    ],
)
def test_a_range_has_the_bytes_of_the_file(served, requested, first, end):
    expected = served.video.read_bytes()
    status, headers, body = served.request(served.file(served.video), Range=requested)
    assert status == 206
    assert body == expected[first:end]
    start = first % len(expected)
    last = start + len(body) - 1
    assert headers["content-range"] == f"bytes {start}-{last}/{len(expected)}"
    assert headers["accept-ranges"] == "bytes"


def test_a_range_beyond_the_file_and_a_broken_one(served):
    size = served.video.stat().st_size
    status, headers, body = served.request(served.file(served.video), Range=f"bytes={size}-")
    assert (status, body, headers["content-range"]) == (416, b"", f"bytes */{size}")
    assert served.request(served.file(served.video), Range="bytes=b-a")[0] in (200, 400, 416)


def test_head_has_the_size_and_no_body(served):
    status, headers, body = served.request(served.file(served.video), "HEAD")
    assert (status, body) == (200, b"")
    assert headers["content-length"] == str(served.video.stat().st_size)
    status, headers, body = served.request(served.file(served.video), "HEAD", Range="bytes=2-5")
    assert (status, headers["content-length"], body) == (206, "4", b"")


def peak_kb():
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="Linux has the peak of memory")
def test_ranges_of_a_file_of_6_gb_take_no_memory(served):
    size, before = 6_000_000_000, served.video.read_bytes()
    try:
        with open(served.video, "r+b") as file:
            file.seek(size - 3)
            file.write(b"end")
        peak = peak_kb()
        _, headers, body = served.request(served.file(served.video), Range="bytes=-3")
        assert (headers["content-range"], body) == (f"bytes {size - 3}-{size - 1}/{size}", b"end")
        with socket.create_connection(("127.0.0.1", served.port)) as reader:  # whole, and gives up
            send(reader, served, served.file(served.video))
            assert sum(len(reader.recv(1 << 16)) for _ in range(500)) > 1_000_000
        assert peak_kb() - peak < 40_000
    finally:
        served.video.write_bytes(before)


# Many at once


def send(reader, served, path):
    lines = [f"GET {path} HTTP/1.1", f"Host: {served.host}", f"Cookie: {served.cookie}", "", ""]
    reader.sendall("\r\n".join(lines).encode())


def test_slow_readers_do_not_block_others(served):
    before = served.video.read_bytes()
    try:
        os.truncate(served.video, 50_000_000)
        readers = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(60)]
        for reader in readers[:-10]:
            send(reader, served, served.file(served.video))  # and never reads
        for reader in readers[-10:]:
            reader.sendall(b"GET / HT")  # and never ends
        started = time.monotonic()
        assert served.request("/")[0] == 200
        assert served.request(served.file(served.video), Range="bytes=-9")[2] == bytes(9)
        assert served.save("slow", served.saved("slow")["version"], [row("slow")])[0] == 200
        assert time.monotonic() - started < 5
    finally:
        for reader in readers:
            reader.close()
        served.video.write_bytes(before)


def test_200_requests_at_once_are_all_answered_right(served):
    expected = served.video.read_bytes()
    page = served.page(NIGHT)[2]
    barrier = threading.Barrier(200)

    def read_range(number):
        barrier.wait()
        if number % 2:
            return served.page(NIGHT)[2] == page
        first = 37 * number
        requested = f"bytes={first}-{first + 999}"
        answer = served.request(served.file(served.video), Range=requested)
        return answer[2] == expected[first : first + 1000]

    with ThreadPoolExecutor(200) as threads:
        assert all(threads.map(read_range, range(200)))
