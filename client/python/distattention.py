"""Client of DistAttention's HTTP API: exact attention over sequences too long for one machine.

One file; needs Python 3.9 or later, numpy and nothing else. Copy it, or put its folder on the path.

    import numpy as np
    from distattention import Client

    with Client("http://127.0.0.1:8642") as client:
        book = client.create("book/layer-0", num_heads_q=8, num_heads_kv=2, head_dim=64)
        book.append(k, v)                                   # [rows, 2, 64] each; numpy.memmap is sent in parts
        answer = book.attend(q, mask="causal")              # [rows, 8, 64]
        answer.o, answer.lse                                # [rows, 8, 64] and [rows, 8], float32

The bits of an answer are those of `distattn attend` on the same rows, wherever and however they are stored. float16 and float64
arrays are sent as they are. A client may be used from many threads; it keeps connections open between calls.

Calls that were refused because the service is full, or whose answer was lost, are made again until `timeout` has passed: appends
carry an operation id, so that no row is appended twice. Every other failure is an `AttentionError`.
"""

from __future__ import annotations

import http.client
import json
import random
import ssl
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple, Type, TypeVar, Union
from urllib.parse import quote, urlencode, urlsplit

import numpy as np

__all__ = [
    "AccessDenied", "Answer", "Appended", "AttentionError", "CapacityExceeded", "Client", "Conflict", "InvalidRequest", "NotFound", "Overloaded",
    "Sequence", "SequenceExists", "SequenceInfo", "ServerError", "TimedOut",
]

_NPY = "application/x-npy"
_SAFETENSORS = "application/x-safetensors"
_JSON = "application/json"
_PART_BYTES = 16 << 20
_SAFETENSORS_TYPES = {"<f4": "F32", "<f2": "F16", "<f8": "F64", "|b1": "BOOL", "|u1": "U8", "|i1": "I8", "<i2": "I16", "<i4": "I32", "<i8": "I64"}

Body = List[Union[bytes, memoryview]]
T = TypeVar("T")


class AttentionError(Exception):
    """A call failed. `kind` is stable and meant for programs; the message is meant for people.

    kind: the last part of the problem's type, "sequence-not-found"; "connection" where no answer came.
    status: the HTTP status; 0 where no answer came.
    facts: everything the problem says: detail, sequence, tensor, token, head, row, retryAfterSeconds, appended, ...
    """

    def __init__(self, kind: str, status: int, message: str, facts: Optional[Mapping[str, Any]] = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status
        self.facts: Dict[str, Any] = dict(facts or {})


class InvalidRequest(AttentionError):
    """An argument, a shape, a value or a mask is wrong; the same call will never succeed."""


class AccessDenied(AttentionError):
    """There is no token, it is not known, or it does not allow that."""


class NotFound(AttentionError):
    """There is no sequence of that name."""


class SequenceExists(AttentionError):
    """A sequence of that name exists already."""


class Conflict(AttentionError):
    """The rows would not land where they should, or the sequence was truncated or deleted meanwhile."""


class Overloaded(AttentionError):
    """The service, or the caller's share of it, was full until the time-out."""


class TimedOut(AttentionError):
    """There was no exact answer in the time allowed."""


class CapacityExceeded(AttentionError):
    """The memory for rows cannot hold what is asked."""


class ServerError(AttentionError):
    """The service failed, or could not be reached."""


_KINDS: Dict[str, Type[AttentionError]] = {
    "sequence-not-found": NotFound,
    "sequence-exists": SequenceExists,
    "append-conflict": Conflict,
    "snapshot-lost": Conflict,
    "caller-overloaded": Overloaded,
    "overloaded": Overloaded,
    "timeout": TimedOut,
    "capacity-exceeded": CapacityExceeded,
}


@dataclass(frozen=True)
class SequenceInfo:
    """What is known of a sequence without reading its rows. `spec` is its shape and storage, as the service says it."""

    id: str
    epoch: int
    length: int
    shard_count: int
    resident_bytes: int
    spec: Mapping[str, Any]


@dataclass(frozen=True)
class Appended:
    """What an append did: position of its first row, rows, and the committed state that includes them."""

    first_position: int
    count: int
    epoch: int
    length: int


@dataclass(frozen=True)
class Answer:
    """The exact answer of a call.

    o: float32 [rows, numHeadsQ, headDimV]; 0 for a row that sees nothing.
    lse: float32 [rows, numHeadsQ], natural log of the sum of exp(score); -inf for a row that sees nothing.
    epoch, length: the state that was attended to. first_query_position: where the first row stood.
    """

    o: np.ndarray
    lse: np.ndarray
    epoch: int
    length: int
    first_query_position: int


class Client:
    """A service that speaks DistAttention's HTTP API.

    url: "http://host:port", or "https://...".
    token: shown with every call, where the service asks for one.
    timeout: seconds that a call may take, its repetitions and waiting included.
    ssl_context: for https; None: the system's authorities.
    """

    def __init__(self, url: str, token: Optional[str] = None, timeout: float = 600.0, ssl_context: Optional[ssl.SSLContext] = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"'{url}' is not http://host:port or https://host:port")
        if token is not None and (not token.isascii() or any(c.isspace() for c in token)):
            raise ValueError("the token is not ASCII without spaces")
        if not timeout > 0:
            raise ValueError(f"a timeout of {timeout} is not above 0")
        self._host: str = parts.hostname
        self._port = parts.port
        self._root = parts.path.rstrip("/")
        self._tls = (ssl_context or ssl.create_default_context()) if parts.scheme == "https" else None
        self._token = token
        self.timeout = timeout
        self._idle: List[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections. Calls in progress end as they will."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def create(
        self,
        name: str,
        *,
        head_dim: int,
        num_heads_q: int = 1,
        num_heads_kv: int = 1,
        head_dim_v: Optional[int] = None,
        kv_type: str = "float32",
        rope: Optional[Union[str, Mapping[str, Any]]] = None,
        expected_length: Optional[int] = None,
        expected_mask: str = "causal",
        shard_length: Optional[int] = None,
        value_from_key_prefix: bool = False,
        key_projection: Optional[np.ndarray] = None,
        time_to_live: Optional[float] = None,
    ) -> Sequence:
        """Creates an empty sequence.

        kv_type: how rows are stored: float32, float16, bfloat16 or int8.
        rope: rotation by position: "standard", "linear:factor=4", "yarn:factor=16,trained=4096", or a mapping of inverseFrequencies.
        key_projection: [heads or 1, head_dim, components], what keys are multiplied by when they are appended.
        time_to_live: seconds without use after which it is deleted. Default: never.
        """
        spec: Dict[str, Any] = {
            "numHeadsQ": num_heads_q, "numHeadsKv": num_heads_kv, "headDim": head_dim, "headDimV": head_dim_v, "kvType": kv_type, "rope": rope,
            "expectedLength": expected_length, "expectedMask": expected_mask, "shardLength": shard_length, "valueFromKeyPrefix": value_from_key_prefix,
            "timeToLiveSeconds": time_to_live,
        }
        if key_projection is not None:
            table = np.asarray(key_projection, np.float32)
            spec["keyProjection"] = {"shape": list(table.shape), "values": [float(x) for x in table.ravel()]}
        given = {key: value for key, value in spec.items() if value is not None}
        return Sequence(self, _info(self._json("PUT", _path(name), body=given, repeatable=False)))

    def open(self, name: str) -> Sequence:
        """Opens a sequence."""
        return Sequence(self, _info(self._json("GET", _path(name))))

    def list(self, prefix: str = "") -> Iterator[SequenceInfo]:
        """Lists sequences in the order of their names."""
        after: Optional[str] = None
        while True:
            page = self._json("GET", "/v1/sequences", {"prefix": prefix, "after": after})
            for item in page["sequences"]:
                yield _info(item)
            after = page["next"]
            if after is None:
                return

    def delete(self, name: str) -> None:
        """Deletes a sequence. Forks keep what they share."""
        self._call("DELETE", _path(name), read=lambda reply: reply.read(), repeatable=False)

    def _json(self, method: str, path: str, query: Optional[Mapping[str, Any]] = None, body: Optional[Any] = None, repeatable: bool = True) -> Any:
        content: Body = [] if body is None else [json.dumps(body).encode()]
        return self._call(method, path, query, content, _JSON if body is not None else None, read=lambda reply: json.loads(reply.read()), repeatable=repeatable)

    def _call(
        self,
        method: str,
        path: str,
        query: Optional[Mapping[str, Any]] = None,
        body: Optional[Body] = None,
        content_type: Optional[str] = None,
        headers: Optional[Mapping[str, str]] = None,
        *,
        read: Callable[[_Reply], T],
        repeatable: bool = True,
    ) -> T:
        """Makes a call until its answer was read. One that is not repeatable is made again only if it is known not to have been carried out."""
        options = {key: _text(value) for key, value in (query or {}).items() if value is not None and value != ""}
        target = self._root + path + ("?" + urlencode(options, quote_via=quote) if options else "")
        parts = body or []
        all_headers = {"Accept": f"{_NPY}, {_JSON}", **(headers or {})}
        if content_type is not None:
            all_headers.update({"Content-Type": content_type, "Content-Length": str(sum(_size(part) for part in parts))})
        if self._token is not None:
            all_headers["Authorization"] = f"Bearer {self._token}"
        deadline = time.monotonic() + self.timeout
        attempt = 0
        while True:
            attempt += 1
            wait = min(0.05 * 2.0 ** min(attempt, 7), 5.0)
            connection, is_used = self._connect(deadline)
            error: AttentionError
            try:
                connection.request(method, target, iter(parts) if content_type is not None else None, all_headers)
                response = connection.getresponse()
                if response.status < 300:
                    answer = read(_Reply(response))
                    self._give_back(connection, response)
                    return answer
                error = _problem(response.status, response.headers, response.read())
                self._give_back(connection, response)
            except (OSError, http.client.HTTPException) as cause:
                early = _early_answer(connection)
                connection.close()
                if early is None:
                    error = ServerError("connection", 0, f"{method} {path}: no answer: {cause or type(cause).__name__}")
                    error.__cause__ = cause
                    if not repeatable and not isinstance(cause, ConnectionRefusedError):
                        raise error
                    if is_used and attempt == 1:
                        continue  # the connection had been idle for too long
                else:
                    error = early
            except BaseException:
                connection.close()
                raise
            if error.status in (429, 503):
                wait = float(error.facts.get("retryAfterSeconds", wait))
            elif error.status != 0:
                raise error
            wait *= 1 + random.random()
            if time.monotonic() + wait > deadline:
                raise error
            time.sleep(wait)

    def _connect(self, deadline: float) -> Tuple[http.client.HTTPConnection, bool]:
        left = max(0.001, deadline - time.monotonic())
        with self._lock:
            if self._closed:
                raise ValueError("the client is closed")
            connection = self._idle.pop() if self._idle else None
        if connection is not None:
            if connection.sock is not None:
                connection.sock.settimeout(left)
            return connection, True
        if self._tls is not None:
            return http.client.HTTPSConnection(self._host, self._port, timeout=left, context=self._tls, blocksize=1 << 20), False
        return http.client.HTTPConnection(self._host, self._port, timeout=left, blocksize=1 << 20), False

    def _give_back(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        if response.will_close or not response.isclosed():
            connection.close()
            return
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()


class Sequence:
    """The K/V of one attention layer of one document: append-only."""

    def __init__(self, client: Client, info: SequenceInfo) -> None:
        self._client = client
        self.name = info.id
        self.spec = info.spec

    def __repr__(self) -> str:
        return f"Sequence({self.name!r})"

    @property
    def num_heads_q(self) -> int:
        """Query heads."""
        return int(self.spec["numHeadsQ"])

    @property
    def num_heads_kv(self) -> int:
        """Key/value heads."""
        return int(self.spec["numHeadsKv"])

    @property
    def head_dim(self) -> int:
        """Components of one head of q and k."""
        return int(self.spec["headDim"])

    @property
    def head_dim_v(self) -> int:
        """Components of one head of v and o."""
        return int(self.spec["headDimV"])

    def info(self) -> SequenceInfo:
        """Its latest committed state."""
        return _info(self._client._json("GET", _path(self.name)))

    def append(self, k: np.ndarray, v: Optional[np.ndarray] = None, *, key: Optional[str] = None, position: Optional[int] = None, part_bytes: int = _PART_BYTES) -> Appended:
        """Appends rows, in parts that each land right behind the one before.

        k: [rows, num_heads_kv, head_dim] of float16, float32 or float64; an array, or a numpy.memmap of any length.
        v: [rows, num_heads_kv, head_dim_v]; None where values are a part of keys.
        key: names the append: repeating it with the same key and rows appends nothing again. Default: a new one.
        position: where the first row must land. Default: the end.
        part_bytes: about how many bytes are sent at a time; must stay the same where a key is used again.
        """
        with_values = not self.spec.get("valueFromKeyPrefix", False)
        _require_rows("k", k, self.num_heads_kv, self.head_dim)
        if with_values != (v is not None):
            raise ValueError("v is needed" if with_values else "this sequence takes values from its keys: v must be None")
        if v is not None:
            _require_rows("v", v, self.num_heads_kv, self.head_dim_v)
            if len(v) != len(k):
                raise ValueError(f"k has {len(k)} rows and v has {len(v)}")
        key = key or str(uuid.uuid4())
        row_bytes = (k.nbytes + (v.nbytes if v is not None else 0)) // max(1, len(k))
        rows = max(1, part_bytes // max(1, row_bytes))
        first: Optional[int] = None
        for number, start in enumerate(range(0, max(1, len(k)), rows)):
            arrays = [a[start:start + rows] for a in (k, v) if a is not None]
            done = self._client._call(
                "POST",
                _path(self.name, "append"),
                {"position": position if first is None else first + start},
                [part for array in arrays for part in _npy(array)],
                _NPY,
                {"Idempotency-Key": key if number == 0 else f"{key}/{number}"},
                read=lambda reply: json.loads(reply.read()),
            )
            first = done["firstPosition"] if first is None else first
        return Appended(first or 0, len(k), done["epoch"], done["length"])

    def attend(
        self,
        q: np.ndarray,
        *,
        mask: str = "full",
        first_query_position: Optional[int] = None,
        length: Optional[int] = None,
        tensors: Optional[Mapping[str, np.ndarray]] = None,
        part_bytes: int = _PART_BYTES,
        **scores: Any,
    ) -> Answer:
        """Exact attention of query rows over the sequence.

        q: [rows, num_heads_q, head_dim].
        mask: which positions a query sees: "full", "causal", "window:4096,0", "causal & (first:4 | last:4096)", ...
        first_query_position: position of q's first row. Default: q's last row stands at the last position.
        length: answer as of this committed length. Default: the latest.
        tensors: data that mask and scores name, by name: mask="segments:ids", tensors={"ids": ids}.
        scores: score, scale, softcap, alibi, relative_bias, sinks and timeout (seconds), as `distattn attend` takes them.
        """
        _require_rows("q", q, self.num_heads_q, self.head_dim)
        per_row = max(1, self.num_heads_q * (self.head_dim + self.head_dim_v + 1) * 4)
        rows = max(1, part_bytes // per_row)
        epoch: Optional[int] = None
        if len(q) > rows:
            # Every part is answered as of one length, and every row stands where it would in one call.
            info = self.info()
            epoch, length = info.epoch, info.length if length is None else length
            first_query_position = length - len(q) if first_query_position is None else first_query_position
        o = np.empty((len(q), self.num_heads_q, self.head_dim_v), np.float32)
        lse = np.empty((len(q), self.num_heads_q), np.float32)
        options = self._options(mask, length, scores)
        facts: Tuple[int, int, int] = (0, 0, 0)
        for start in range(0, max(1, len(q)), rows):
            at = None if first_query_position is None else first_query_position + start
            body, content_type = _body({**(tensors or {}), "q": q[start:start + rows]}, named=bool(tensors))
            into = (o[start:start + rows], lse[start:start + rows])
            here = self._client._call(
                "POST", _path(self.name, "attend"), {**options, "first-query-position": at}, body, content_type, read=lambda reply, into=into: reply.read_answer(*into)  # type: ignore[misc]
            )
            if epoch is not None and here[0] != epoch:
                raise Conflict("snapshot-lost", 409, f"sequence '{self.name}' was truncated or deleted meanwhile", {"sequence": self.name})
            facts = here if start == 0 else facts
        return Answer(o, lse, *facts)

    def append_and_attend(
        self,
        k: np.ndarray,
        v: Optional[np.ndarray],
        q: np.ndarray,
        *,
        mask: str = "full",
        first_query_position: Optional[int] = None,
        key: Optional[str] = None,
        position: Optional[int] = None,
        tensors: Optional[Mapping[str, np.ndarray]] = None,
        **scores: Any,
    ) -> Answer:
        """A decode step: appends rows, then attends over everything up to and including them, in one call."""
        _require_rows("k", k, self.num_heads_kv, self.head_dim)
        _require_rows("q", q, self.num_heads_q, self.head_dim)
        arrays = {**(tensors or {}), "k": k, **({"v": v} if v is not None else {}), "q": q}
        o = np.empty((len(q), self.num_heads_q, self.head_dim_v), np.float32)
        lse = np.empty((len(q), self.num_heads_q), np.float32)
        body, content_type = _body(arrays, named=bool(tensors))
        query = {**self._options(mask, None, scores), "first-query-position": first_query_position, "position": position}
        names_it = {"Idempotency-Key": key or str(uuid.uuid4())}
        facts = self._client._call("POST", _path(self.name, "append-and-attend"), query, body, content_type, names_it, read=lambda reply: reply.read_answer(o, lse))
        return Answer(o, lse, *facts)

    def explain(
        self,
        rows: int,
        *,
        mask: str = "full",
        first_query_position: Optional[int] = None,
        length: Optional[int] = None,
        tensors: Optional[Mapping[str, np.ndarray]] = None,
        visits: bool = False,
        **scores: Any,
    ) -> Dict[str, Any]:
        """The plan that attending with so many rows would follow, without running it: owners, shards, blocks computed and skipped, predicted time."""
        query = {**self._options(mask, length, scores), "first-query-position": first_query_position, "rows": rows, "visits": visits}
        body, content_type = _body(tensors or {}, named=True) if tensors else ([], None)
        plan: Dict[str, Any] = self._client._call(
            "POST" if tensors else "GET", _path(self.name, "explain"), query, body, content_type, read=lambda reply: json.loads(reply.read())
        )
        return plan

    def fork(self, name: str, length: Optional[int] = None) -> Sequence:
        """Makes a new sequence that starts with this one's first positions, sharing them without a copy."""
        body = {"id": name, **({} if length is None else {"length": length})}
        return Sequence(self._client, _info(self._client._json("POST", _path(self.name, "fork"), body=body, repeatable=False)))

    def truncate(self, length: int) -> None:
        """Keeps the first positions and drops the rest."""
        self._client._json("POST", _path(self.name, "truncate"), body={"length": length}, repeatable=False)

    def delete(self) -> None:
        """Deletes it. Forks keep what they share."""
        self._client.delete(self.name)

    @staticmethod
    def _options(mask: str, length: Optional[int], scores: Mapping[str, Any]) -> Dict[str, Any]:
        known = {"score", "scale", "softcap", "alibi", "relative_bias", "sinks", "timeout"}
        unknown = set(scores) - known
        if unknown:
            raise TypeError(f"{sorted(unknown)[0]} is not known; {', '.join(sorted(known))} are")
        return {"mask": mask, "length": length, **{name.replace("_", "-"): value for name, value in scores.items()}}


class _Reply:
    """An answer that is being read. An end before its end is an `http.client.HTTPException`, as where no answer came at all."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self._response = response

    def read(self) -> bytes:
        return self._response.read()

    def read_answer(self, o: np.ndarray, lse: np.ndarray) -> Tuple[int, int, int]:
        """Reads o and lse into arrays of their shapes, without a copy; returns epoch, length and first query position."""
        self._read_npy(o)
        self._read_npy(lse)
        self._response.read()  # nothing: lets the connection be used again
        headers = self._response.headers
        return int(headers["DistAttention-Epoch"]), int(headers["DistAttention-Length"]), int(headers["DistAttention-First-Query-Position"])

    def _read_npy(self, into: np.ndarray) -> None:
        prefix = bytearray(10)
        self._fill(memoryview(prefix))
        header = bytearray(int.from_bytes(prefix[8:], "little"))
        self._fill(memoryview(header))
        text = header.decode("latin-1")
        if prefix[:8] != b"\x93NUMPY\x01\x00" or "'descr': '<f4'" not in text or f"'shape': {into.shape}" not in text:
            raise ServerError("unexpected-answer", self._response.status, f"the answer is {text.strip()} instead of float32 {into.shape}")
        if into.dtype.str == "<f4":
            self._fill(_raw(into))
        else:
            stored = np.empty(into.shape, "<f4")
            self._fill(_raw(stored))
            into[...] = stored

    def _fill(self, left: memoryview) -> None:
        while len(left) > 0:
            count = self._response.readinto(left)
            if not count:
                raise http.client.IncompleteRead(b"", len(left))
            left = left[count:]


def _path(name: str, verb: str = "") -> str:
    return f"/v1/sequences/{quote(name, safe='')}" + (f"/{verb}" if verb else "")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, np.ndarray)):
        return ",".join(repr(float(item)) for item in value)
    return str(value)


def _info(item: Mapping[str, Any]) -> SequenceInfo:
    return SequenceInfo(item["id"], item["epoch"], item["length"], item["shardCount"], item["residentBytes"], item["spec"])


def _require_rows(name: str, array: np.ndarray, heads: int, dim: int) -> None:
    if not isinstance(array, np.ndarray) or array.dtype not in (np.float16, np.float32, np.float64):
        raise TypeError(f"{name} must be a numpy array of float16, float32 or float64")
    if array.shape[1:] != (heads, dim) and not (heads == 1 and array.shape[1:] == (dim,)):
        raise ValueError(f"{name} must be [rows, {heads}, {dim}], but is {list(array.shape)}")


def _size(part: Union[bytes, memoryview]) -> int:
    return part.nbytes if isinstance(part, memoryview) else len(part)


def _little(array: np.ndarray) -> np.ndarray:
    array = np.ascontiguousarray(array)
    return array if array.dtype.str[0] != ">" else array.astype(array.dtype.newbyteorder("<"))


def _raw(array: np.ndarray) -> memoryview:
    return memoryview(array.reshape(-1).view(np.uint8)) if array.size else memoryview(b"")


def _npy(array: np.ndarray) -> Body:
    """One .npy document: its header, and the array's own memory."""
    array = _little(array)
    header = f"{{'descr': '{array.dtype.str}', 'fortran_order': False, 'shape': {tuple(int(d) for d in array.shape)}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return [b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header, _raw(array)]


def _safetensors(arrays: Mapping[str, np.ndarray]) -> Body:
    """One .safetensors document: its header, and the arrays' own memory."""
    header: Dict[str, Any] = {}
    parts: Body = []
    end = 0
    for name, given in arrays.items():
        array = _little(np.asarray(given))
        if array.dtype.str not in _SAFETENSORS_TYPES:
            raise TypeError(f"{name} has the type {array.dtype}, which is not read")
        header[name] = {"dtype": _SAFETENSORS_TYPES[array.dtype.str], "shape": list(array.shape), "data_offsets": [end, end + array.nbytes]}
        end += array.nbytes
        parts.append(_raw(array))
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return [len(text).to_bytes(8, "little") + text, *parts]


def _body(arrays: Mapping[str, np.ndarray], named: bool) -> Tuple[Body, str]:
    if named:
        return _safetensors(arrays), _SAFETENSORS
    return [part for array in arrays.values() for part in _npy(array)], _NPY


def _problem(status: int, headers: Mapping[str, str], content: bytes) -> AttentionError:
    try:
        facts = json.loads(content)
        kind = str(facts["type"]).rsplit("/", 1)[-1]
        message = str(facts["detail"])
    except (ValueError, KeyError, TypeError):
        facts, kind, message = {}, f"http-{status}", f"the service answered with status {status}"
    if "retryAfterSeconds" not in facts and str(headers.get("Retry-After", "")).isdigit():
        facts["retryAfterSeconds"] = int(headers["Retry-After"])
    by_status: Type[AttentionError] = AccessDenied if status in (401, 403) else InvalidRequest if status < 500 else ServerError
    return _KINDS.get(kind, by_status)(kind, status, message, facts)


def _early_answer(connection: http.client.HTTPConnection) -> Optional[AttentionError]:
    """What the service said before it closed a connection on which it did not want the rest of a body."""
    if connection.sock is None:
        return None
    try:
        connection.sock.settimeout(1.0)
        response = http.client.HTTPResponse(connection.sock)
        response.begin()
        return _problem(response.status, response.headers, response.read()) if response.status >= 400 else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
