"""Hostile requests."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import httpx
import pytest

SECRET = "the secret"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture(scope="module")
def secret(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("elsewhere") / "secret.png"
    path.write_text(SECRET)
    return path


@pytest.fixture
def web(server):
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


def upload(web, name, data):
    answer = web.post("/gradio_api/upload", files={"files": (name, data)})
    return answer.json()[0] if answer.status_code == 200 else answer


def animate(web, source, driving, since=("largest", "", True)):
    """Call the endpoint as a program without any library does; the last event.

    Older programs send nothing for the parameters that came ``since``.
    """
    file = {"meta": {"_type": "gradio.FileData"}}
    data = [{"path": source, **file}, {"path": driving, **file}, None]
    data += ["avatar", "relative", True, False, False, "crop", "exact", "generated", True, 0, 0]
    body = {"data": [*data, *since], "session_hash": uuid.uuid4().hex}
    event = web.post("/gradio_api/call/animate", json=body).json()["event_id"]
    with web.stream("GET", f"/gradio_api/call/animate/{event}") as stream:
        lines = [line for line in stream.iter_lines() if line]
    return lines[-2].removeprefix("event: "), lines[-1].removeprefix("data: ")


def files_of(server):
    (root,) = server.folder.glob("fomm-demo-*")
    return {path for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("since", [("largest", "", True), ("largest",), ()])
def test_a_well_meant_call_works(web, picture, clip, since):
    source = upload(web, "a.png", picture.read_bytes())
    driving = upload(web, "b.mp4", clip.read_bytes())
    event, data = animate(web, source, driving, since)

    assert event == "complete"
    assert web.get(json.loads(data)[0]["url"]).headers["content-type"] == "video/mp4"


@pytest.mark.parametrize(
    "name",
    [
        "../../../escape.png",
        "..\\..\\escape.png",
        "/etc/escape.png",
        "a/../../escape.png",
        "..",
        "",
    ],
)
def test_names_lead_nowhere_else(server, web, picture, name):
    before = set(server.folder.rglob("*"))
    where = upload(web, name, picture.read_bytes() + name.encode())
    new = set(server.folder.rglob("*")) - before

    (root,) = server.folder.glob("fomm-demo-*")
    assert all(path.is_relative_to(root / "served") for path in new)
    assert isinstance(where, httpx.Response) or Path(where).is_relative_to(root / "served")


def test_files_elsewhere_are_not_shown(server, web, secret):
    (root,) = server.folder.glob("fomm-demo-*")
    served = f"{root}/served"
    for path in (
        str(secret),
        f"{served}/../../..{secret}",
        f"{served}/../jobs",
        "/etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        f"file://{secret}",
        str(Path(__file__)),
    ):
        answer = web.get(f"/gradio_api/file={path}")
        assert answer.status_code in (403, 404), path
        assert SECRET not in answer.text


@pytest.mark.parametrize("path", ["/static/../../../secret", "/assets/..%2f..%2f__init__.py"])
def test_the_pages_own_files_lead_nowhere_else(web, path):
    assert web.get(path).status_code in (400, 403, 404)


def test_files_elsewhere_are_not_animated(server, web, secret, picture, clip):
    source = upload(web, "a.png", picture.read_bytes())
    driving = upload(web, "b.mp4", clip.read_bytes())
    for pair in (
        (str(secret), driving),
        (source, "/etc/passwd"),
        (str(Path(source).parent / ".." / ".." / ".." / "x"), driving),
        ("http://127.0.0.1:9/a.png", driving),
        (f"{server.url}/health", driving),
        (source, "file:///etc/passwd"),
    ):
        event, data = animate(web, *pair)
        assert event == "error", pair
        assert "no longer there" in data


def test_nothing_elsewhere_was_copied(server, web, secret, clip):
    before = files_of(server)
    animate(web, str(secret), str(clip))
    new = files_of(server) - before

    assert all(SECRET not in path.read_text(errors="ignore") for path in new)


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.svg", SVG), ("a.png", SVG), ("a.html", b"<script>alert(1)</script>"), ("a.png", b"text")],
)
def test_what_is_no_picture_is_neither_animated_nor_run(web, clip, name, data):
    source = upload(web, name, data)
    driving = upload(web, "b.mp4", clip.read_bytes())
    event, message = animate(web, source, driving)
    shown = web.get(f"/gradio_api/file={source}")

    assert (event, "not a picture" in message) == ("error", True)
    assert "sandbox" in shown.headers["content-security-policy"]
    assert shown.headers["x-content-type-options"] == "nosniff"
    if not name.endswith(".png"):
        assert shown.headers["content-disposition"].startswith("attachment")


@pytest.mark.once
def test_a_picture_that_is_also_a_page_is_only_ever_a_picture(web, picture, clip):
    both = picture.read_bytes() + b"<html><script>alert(1)</script></html>"
    source = upload(web, "both.html", both)
    driving = upload(web, "b.mp4", clip.read_bytes())

    assert animate(web, source, driving)[0] == "complete"
    shown = web.get(f"/gradio_api/file={source}")
    assert shown.headers["content-type"] == "application/octet-stream"
    assert shown.headers["content-disposition"].startswith("attachment")


def test_bombs_do_not_go_off(web, bomb, clip):
    driving = upload(web, "b.mp4", clip.read_bytes())
    event, message = animate(web, upload(web, "bomb.png", bomb.read_bytes()), driving)

    assert (event, "too large" in message or "pixels" in message) == ("error", True)


def test_uploads_that_are_too_large_leave_nothing(server, web):
    before = files_of(server)
    answer = upload(web, "big.png", bytes(3_500_000))
    many = web.post(
        "/gradio_api/upload", files=[("files", (f"{n}.png", bytes(400_000))) for n in range(9)]
    )

    assert (answer.status_code, many.status_code) == (413, 413)
    assert files_of(server) == before


def test_messages_that_are_too_large_are_refused(web):
    body = json.dumps({"data": ["x" * 5_000_000]})
    assert web.post("/gradio_api/queue/join", content=body).status_code == 413


def test_markup_in_a_message_is_text(web, clip, picture):
    source = upload(web, "a.png", picture.read_bytes())
    file = {"meta": {"_type": "gradio.FileData"}}
    data = [{"path": source, **file}, {"path": "x://<img src=y onerror=z>", **file}, None]
    body = {"data": [*data, "<b>", *[None] * 13], "session_hash": "markup"}
    event = web.post("/gradio_api/call/animate", json=body).json()["event_id"]

    assert "<img" not in web.get(f"/gradio_api/call/animate/{event}").text


@pytest.mark.once
def test_only_who_knows_the_password_enters(serve, tmp_path, picture):
    accounts = tmp_path / "accounts"
    accounts.write_text("ann:right horse\n")
    server = serve("--auth", str(accounts)).wait()
    with httpx.Client(base_url=server.url, timeout=30) as web:
        for path in ("/config", "/gradio_api/info", "/gradio_api/file=/etc/passwd"):
            assert web.get(path).status_code == 401, path
        assert upload(web, "a.png", picture.read_bytes()).status_code == 401
        body = {"data": [], "fn_index": 0, "session_hash": "x"}
        assert web.post("/gradio_api/queue/join", json=body).status_code == 401
        assert "auth_required" in web.get("/").text
        assert "Look inside" not in web.get("/").text

        wrong = {"username": "ann", "password": "wrong horse"}
        assert web.post("/login", data=wrong).status_code == 400
        assert web.get("/config").status_code == 401
        nobody = {"username": "bob", "password": "right horse"}
        assert web.post("/login", data=nobody).status_code == 400

        right = {"username": "ann", "password": "right horse"}
        assert web.post("/login", data=right).status_code == 200
        assert web.get("/config").status_code == 200
