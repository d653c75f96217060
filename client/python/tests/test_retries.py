"""What the client does when calls are refused, cut off or never answered: against a service that fails on purpose."""

from __future__ import annotations

import json
import socketserver
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Callable, List, Tuple

import numpy as np

import distattention as da

_INFO = {"id": "s", "epoch": 1, "length": 0, "shardCount": 0, "residentBytes": 0, "spec": {"numHeadsQ": 1, "numHeadsKv": 1, "headDim": 4, "headDimV": 4}}


class Failing:
    """Answers request i by its i-th step, later ones by the last."""

    def __init__(self, *steps: Callable[[BaseHTTPRequestHandler], None]) -> None:
        self.seen: List[Tuple[str, str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.seen.append((self.command, self.path, self.headers.get("Idempotency-Key", "")))
                steps[min(len(outer.seen), len(steps)) - 1](self)

            do_GET = do_POST = do_PUT = do_DELETE = handle_any

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Failing:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def answer(status: int, document: object, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def step(handler: BaseHTTPRequestHandler) -> None:
        content = json.dumps(document).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return step


def overloaded(after: float) -> Callable[[BaseHTTPRequestHandler], None]:
    return answer(503, {"type": "/v1/problems/overloaded", "title": "t", "status": 503, "detail": "full", "retryAfterSeconds": after}, Retry_After="1")


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


def cut_off(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"{")
    handler.close_connection = True


_appended = answer(200, {"firstPosition": 0, "count": 2, "epoch": 1, "length": 2})


class RetryTests(unittest.TestCase):
    def sequence(self, service: Failing, timeout: float = 20) -> da.Sequence:
        client = da.Client(service.url, timeout=timeout)
        self.addCleanup(client.close)
        return client.open("s")

    def test_a_refused_append_comes_again_when_it_was_told_to(self) -> None:
        rows = np.zeros((2, 1, 4), np.float32)
        with Failing(answer(200, _INFO), overloaded(0.1), overloaded(0.1), _appended) as service:
            started = time.monotonic()
            self.assertEqual(2, self.sequence(service).append(rows, rows, key="k").count)
            self.assertGreaterEqual(time.monotonic() - started, 0.2)
            self.assertEqual(["k", "k", "k"], [key for _, _, key in service.seen[1:]])

    def test_a_lost_answer_is_asked_for_again_under_the_same_key(self) -> None:
        rows = np.zeros((2, 1, 4), np.float32)
        for lost in (hang_up, cut_off):
            with self.subTest(lost.__name__), Failing(answer(200, _INFO), lost, _appended) as service:
                self.assertEqual(2, self.sequence(service).append(rows, rows).count)
                self.assertEqual(1, len({key for _, _, key in service.seen[1:]}))
                self.assertEqual(3, len(service.seen))

    def test_the_whole_body_is_sent_again(self) -> None:
        sizes: List[int] = []

        def keep(handler: BaseHTTPRequestHandler) -> None:
            sizes.append(int(handler.headers["Content-Length"]))
            (overloaded(0.01) if len(sizes) == 1 else _appended)(handler)

        rows = np.zeros((2, 1, 4), np.float32)
        with Failing(answer(200, _INFO), keep) as service:
            self.sequence(service).append(rows, rows)
        self.assertEqual(sizes[0], sizes[1])
        self.assertEqual(2 * (128 + 32), sizes[0])

    def test_what_may_have_been_carried_out_is_not_made_again(self) -> None:
        with Failing(answer(200, _INFO), hang_up) as service:
            with self.assertRaises(da.ServerError) as lost:
                self.sequence(service).fork("t")
            self.assertEqual("connection", lost.exception.kind)
            self.assertEqual(2, len(service.seen))

    def test_a_full_service_is_an_error_in_the_end(self) -> None:
        with Failing(answer(200, _INFO), overloaded(0.2)) as service:
            started = time.monotonic()
            with self.assertRaises(da.Overloaded) as full:
                self.sequence(service, timeout=1).info()
            self.assertLess(time.monotonic() - started, 2)
            self.assertEqual(503, full.exception.status)

    def test_retry_after_alone_is_enough(self) -> None:
        with Failing(answer(503, {}, Retry_After="0"), answer(200, _INFO)) as service:
            self.assertEqual("s", self.sequence(service).name)

    def test_other_failures_are_not_repeated(self) -> None:
        problem = {"type": "/v1/problems/storage-failed", "title": "t", "status": 500, "detail": "d"}
        with Failing(answer(500, problem)) as service:
            with self.assertRaises(da.ServerError) as failed:
                self.sequence(service)
            self.assertEqual(("storage-failed", "d"), (failed.exception.kind, str(failed.exception)))
            self.assertEqual(1, len(service.seen))

    def test_a_service_that_is_not_there_is_an_error_in_time(self) -> None:
        with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as taken:
            port = taken.server_address[1]
        started = time.monotonic()
        with self.assertRaises(da.ServerError), da.Client(f"http://127.0.0.1:{port}", timeout=0.5) as client:
            client.open("s")
        self.assertLess(time.monotonic() - started, 2)


if __name__ == "__main__":
    unittest.main()
