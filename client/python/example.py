"""Exact attention from Python, cell by cell: open in an editor that knows `# %%`, or run it as it is.

Start the service first:  distattn serve
"""

# %% Connect.
import numpy as np

from distattention import AttentionError, Client

client = Client(globals().get("URL") or "http://127.0.0.1:8642", token=globals().get("TOKEN"))

# %% Make a sequence: 8 query heads share 2 key/value heads, stored in half precision.
for old in list(client.list("example/")):
    client.delete(old.id)
book = client.create("example/layer-0", num_heads_q=8, num_heads_kv=2, head_dim=64, kv_type="float16")

# %% Append 20,000 rows. A numpy.memmap of any length goes the same way, in parts.
rng = np.random.default_rng(0)
k = rng.standard_normal((20_000, 2, 64), np.float32)
v = rng.standard_normal((20_000, 2, 64), np.float32)
print(book.append(k, v))

# %% Attend: the last 100 tokens, each to itself and to everything before it.
q = rng.standard_normal((100, 8, 64), np.float32)
answer = book.attend(q, mask="causal")
print(answer.o.shape, answer.lse.shape, f"lse of the first row: {answer.lse[0].round(3)}")

# %% The same rows see only 4 sinks and the last 4,096 positions. What is hidden is never read.
plan = book.explain(100, mask="streaming:sinks=4,window=4096")
print(f"{plan['blocksVisited']} blocks computed, {plan['blocksSkipped']} skipped")
print(book.attend(q, mask="streaming:sinks=4,window=4096").lse[0].round(3))

# %% A decode step: append one row, attend over everything up to it.
step = book.append_and_attend(k[:1], v[:1], q[:1])
print(f"position {step.first_query_position} of {step.length}")

# %% Two continuations share what they have in common.
other = book.fork("example/layer-0/other", length=20_000)
other.append(v[:5], k[:5])
print([(info.id, info.length) for info in client.list("example/")])

# %% Errors say what is wrong.
try:
    book.attend(q, mask="causal & windw:100")
except AttentionError as error:
    print(f"{error.kind}: {error}")

# %% Clean up.
other.delete()
book.delete()
client.close()
