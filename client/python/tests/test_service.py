"""The client against a running service."""

from __future__ import annotations

import subprocess
import tempfile
import threading
import unittest
import uuid
from pathlib import Path

import numpy as np

import distattention as da
from tests.server import Service, program


def normal(seed: int, *shape: int, dtype: type = np.float32) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape, np.float32).astype(dtype)


def reference(q: np.ndarray, k: np.ndarray, v: np.ndarray, first: int) -> tuple[np.ndarray, np.ndarray]:
    """Causal attention in float64."""
    group = q.shape[1] // k.shape[1]
    k, v = (np.repeat(a.astype(np.float64), group, 1) for a in (k, v))
    scores = np.einsum("rhd,nhd->rhn", q.astype(np.float64), k) / np.sqrt(q.shape[2])
    hidden = np.arange(len(k))[None, :] > first + np.arange(len(q))[:, None]
    scores = np.where(hidden[:, None, :], -np.inf, scores)
    top = scores.max(-1, keepdims=True)
    lse = np.log(np.exp(scores - top).sum(-1)) + top[..., 0]
    return np.einsum("rhn,nhd->rhd", np.exp(scores - lse[..., None]), v), lse


class ServiceTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.service = Service()
        cls.client = cls.service.client()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.client.close()
        cls.service.stop()

    def make(self, **spec: object) -> da.Sequence:
        name = f"test/{uuid.uuid4().hex}"
        sequence = self.client.create(name, **{"num_heads_q": 4, "num_heads_kv": 2, "head_dim": 16, **spec})  # type: ignore[arg-type]
        self.addCleanup(self.drop, name)
        return sequence

    def drop(self, name: str) -> None:
        try:
            self.client.delete(name)
        except da.NotFound:
            pass

    def test_answers_are_those_of_a_double_precision_reference(self) -> None:
        k, v, q = normal(1, 700, 2, 16), normal(2, 700, 2, 16), normal(3, 9, 4, 16)
        sequence = self.make()
        self.assertEqual(da.Appended(0, 700, sequence.info().epoch, 700), sequence.append(k, v))
        answer = sequence.attend(q, mask="causal")
        o, lse = reference(q, k, v, 691)
        np.testing.assert_allclose(answer.o, o, rtol=0, atol=2e-6)
        np.testing.assert_allclose(answer.lse, lse, rtol=0, atol=2e-6)
        self.assertEqual((700, 691), (answer.length, answer.first_query_position))

    def test_parts_change_no_bit(self) -> None:
        k, v, q = normal(4, 3000, 2, 16), normal(5, 3000, 2, 16), normal(6, 300, 4, 16)
        whole, parts = self.make(), self.make()
        whole.append(k, v)
        parts.append(k, v, part_bytes=100_000)
        self.assertEqual(3000, parts.info().length)
        one = whole.attend(q, mask="causal & window:500,0")
        many = parts.attend(q, mask="causal & window:500,0", part_bytes=20_000)
        np.testing.assert_array_equal(one.o.view(np.uint32), many.o.view(np.uint32))
        np.testing.assert_array_equal(one.lse.view(np.uint32), many.lse.view(np.uint32))
        self.assertEqual(one.first_query_position, many.first_query_position)

    def test_a_memmap_is_appended_in_parts(self) -> None:
        k, v = normal(7, 2000, 2, 16), normal(8, 2000, 2, 16)
        with tempfile.TemporaryDirectory() as folder:
            for name, array in (("k", k), ("v", v)):
                np.save(Path(folder, f"{name}.npy"), array)
            sequence = self.make()
            mapped = [np.load(Path(folder, f"{name}.npy"), mmap_mode="r") for name in ("k", "v")]
            self.assertEqual(2000, sequence.append(*mapped, part_bytes=50_000).count)
        other = self.make()
        other.append(k, v)
        q = normal(9, 3, 4, 16)
        np.testing.assert_array_equal(sequence.attend(q).o, other.attend(q).o)

    def test_a_repeated_key_appends_nothing_again(self) -> None:
        k, v = normal(10, 1500, 2, 16), normal(11, 1500, 2, 16)
        sequence = self.make()
        first = sequence.append(k, v, key="once", part_bytes=40_000)
        again = sequence.append(k, v, key="once", part_bytes=40_000)
        self.assertEqual((first.first_position, first.count), (again.first_position, again.count))
        self.assertEqual(1500, sequence.info().length)
        with self.assertRaises(da.Conflict):
            sequence.append(k[:5], v[:5], key="once")

    def test_decode_steps_fork_and_truncate(self) -> None:
        k, v, q = normal(12, 50, 2, 16), normal(13, 50, 2, 16), normal(14, 50, 4, 16)
        sequence = self.make()
        steps = [sequence.append_and_attend(k[i:i + 1], v[i:i + 1], q[i:i + 1]) for i in range(50)]
        other = self.make()
        other.append(k, v)
        at_once = other.attend(q, mask="causal")
        np.testing.assert_array_equal(np.concatenate([step.o for step in steps]).view(np.uint32), at_once.o.view(np.uint32))
        fork = sequence.fork(sequence.name + "/fork", 20)
        self.addCleanup(self.drop, fork.name)
        self.assertEqual(20, fork.info().length)
        sequence.truncate(30)
        self.assertEqual(30, sequence.info().length)
        self.assertEqual(20, fork.info().length)
        np.testing.assert_array_equal(sequence.attend(q[:1], length=20).o, fork.attend(q[:1]).o)

    def test_masks_and_scores_take_tensors_by_name(self) -> None:
        k, v, q = normal(15, 64, 2, 16), normal(16, 64, 2, 16), normal(17, 64, 4, 16)
        sequence = self.make()
        sequence.append(k, v)
        bits = np.tril(np.ones((64, 64), bool))
        by_bits = sequence.attend(q, mask="bits:m", tensors={"m": bits})
        np.testing.assert_array_equal(by_bits.o, sequence.attend(q, mask="causal").o)
        slopes = np.array([0.5, 0.25, 0.125, 0.0625], np.float32)
        named = sequence.attend(q, mask="causal", alibi="slopes", tensors={"slopes": slopes})
        given = sequence.attend(q, mask="causal", alibi=[0.5, 0.25, 0.125, 0.0625])
        np.testing.assert_array_equal(named.o, given.o)
        self.assertFalse(np.array_equal(named.o, by_bits.o))
        self.assertLess(sequence.explain(64, mask="bits:m", tensors={"m": bits})["unmaskedPairs"], 64 * 64)

    def test_explain_says_what_is_skipped(self) -> None:
        sequence = self.make()
        sequence.append(normal(18, 5000, 2, 16), normal(19, 5000, 2, 16))
        plan = sequence.explain(1, mask="window:255,0", visits=True)
        self.assertEqual((5000, 1), (plan["positions"], plan["rows"]))
        self.assertEqual(256, plan["unmaskedPairs"])
        self.assertGreater(plan["blocksSkipped"], 10)
        self.assertTrue(plan["visits"])

    def test_lists_in_pages(self) -> None:
        prefix = f"page/{uuid.uuid4().hex}/"
        for i in range(7):
            self.client.create(f"{prefix}{i}", head_dim=4)
            self.addCleanup(self.drop, f"{prefix}{i}")
        self.assertEqual([f"{prefix}{i}" for i in range(7)], [info.id for info in self.client.list(prefix)])
        page = self.client._json("GET", "/v1/sequences", {"prefix": prefix, "limit": 3})
        self.assertEqual((3, f"{prefix}2"), (len(page["sequences"]), page["next"]))

    def test_errors_name_what_is_wrong(self) -> None:
        sequence = self.make()
        k = normal(20, 8, 2, 16)
        with self.assertRaises(da.NotFound) as missing:
            self.client.open("nobody")
        self.assertEqual(("sequence-not-found", "nobody"), (missing.exception.kind, missing.exception.facts["sequence"]))
        with self.assertRaises(da.SequenceExists):
            self.client.create(sequence.name, head_dim=4)
        bad = k.copy()
        bad[5, 1, 3] = np.nan
        with self.assertRaises(da.InvalidRequest) as invalid:
            sequence.append(k, bad)
        self.assertEqual(("v", 5, 1), tuple(invalid.exception.facts[name] for name in ("tensor", "token", "head")))
        with self.assertRaises(da.InvalidRequest) as mask:
            sequence.attend(normal(21, 1, 4, 16), mask="causl")
        self.assertIn("did you mean 'causal'", str(mask.exception))
        with self.assertRaises(ValueError):
            sequence.append(normal(22, 3, 2, 8), k)
        with self.assertRaises(da.Conflict):
            sequence.append(k, k, position=3)
        with self.assertRaises(TypeError):
            sequence.attend(normal(23, 1, 4, 16), softcapp=3)
        self.assertEqual(0, sequence.info().length)

    def test_many_threads_share_a_client(self) -> None:
        sequence = self.make()
        sequence.append(normal(24, 500, 2, 16), normal(25, 500, 2, 16))
        q = normal(26, 4, 4, 16)
        expected = sequence.attend(q).o
        wrong: list[object] = []

        def work() -> None:
            for _ in range(5):
                if not np.array_equal(sequence.attend(q).o, expected):
                    wrong.append("other bits")

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([], wrong)
        self.assertLessEqual(len(self.client._idle), 7)

    def test_bits_are_those_of_the_command_line(self) -> None:
        """100,000 positions, as float32 and as float16."""
        for dtype, kv_type in ((np.float32, "float32"), (np.float16, "float16")):
            with self.subTest(kv_type), tempfile.TemporaryDirectory() as folder:
                k, v, q = normal(30, 100_000, 2, 32, dtype=dtype), normal(31, 100_000, 2, 32, dtype=dtype), normal(32, 40, 4, 32, dtype=dtype)
                files = {name: str(Path(folder, f"{name}.npy")) for name in ("q", "k", "v", "out", "lse")}
                for name, array in (("q", q), ("k", k), ("v", v)):
                    np.save(files[name], array)
                arguments = [part for name, file in files.items() for part in (f"--{name}", file)]
                subprocess.run([program(), "attend", *arguments, "--mask", "causal", "--kv-type", kv_type], check=True, capture_output=True)
                sequence = self.make(head_dim=32, kv_type=kv_type)
                self.assertEqual(100_000, sequence.append(np.load(files["k"], mmap_mode="r"), np.load(files["v"], mmap_mode="r")).count)
                answer = sequence.attend(q, mask="causal")
                np.testing.assert_array_equal(answer.o.view(np.uint32), np.load(files["out"]).view(np.uint32))
                np.testing.assert_array_equal(answer.lse.view(np.uint32), np.load(files["lse"]).view(np.uint32))
                sequence.delete()


class TokenTests(unittest.TestCase):
    def test_a_token_is_needed_where_one_is_set(self) -> None:
        token = uuid.uuid4().hex
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "token")
            file.write_text(token + "\n")
            service = Service(["--token-file", str(file)])
            try:
                with service.client(token) as client:
                    self.assertEqual([], list(client.list()))
                for wrong in (None, "x" * 32):
                    with service.client(wrong) as client, self.assertRaises(da.AccessDenied) as denied:
                        list(client.list())
                    self.assertEqual(401, denied.exception.status)
            finally:
                service.stop()


class ExampleTests(unittest.TestCase):
    def test_the_example_runs(self) -> None:
        service = Service()
        try:
            example = Path(__file__).resolve().parents[1] / "example.py"
            space = {"__name__": "__main__", "URL": service.url, "TOKEN": service.token}
            exec(compile(example.read_text(), str(example), "exec"), space)
        finally:
            service.stop()


if __name__ == "__main__":
    unittest.main()
