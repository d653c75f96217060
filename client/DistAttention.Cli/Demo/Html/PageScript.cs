namespace DistAttention.Cli.Demo.Html;

/// <summary>
/// Draws the page's pictures and lets the reader move in them: wheel, pinch, drag, buttons and keys. Text reaches the page
/// through textContent only.
/// </summary>
internal static class PageScript
{
    public const string JavaScript =
        """

        "use strict";
        (() => {
          const data = JSON.parse(document.getElementById("data").textContent);
          const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
          const percent = share => share >= 0.0995 ? (share * 100).toFixed(0) + " %" : share >= 0.001 ? (share * 100).toFixed(1) + " %" : share > 0 ? "< 0.1 %" : "0 %";
          const clamp = (x, low, high) => Math.min(high, Math.max(low, x));
          const several = data.documents.length > 1;
          const redraws = [];

          // Colours: a ramp between the four heat colours of the style sheet, in whichever scheme is on.
          let ramp = [], ink, quiet, accent;
          function readColours() {
            const style = getComputedStyle(document.documentElement);
            const colour = name => style.getPropertyValue(name).trim();
            const stops = [0, 1, 2, 3].map(i => colour("--heat" + i)).map(hex => [1, 3, 5].map(at => parseInt(hex.slice(at, at + 2), 16)));
            ramp = Array.from({ length: 256 }, (_, level) => {
              const at = level / 255 * 3, low = Math.min(2, Math.floor(at)), part = at - low;
              return stops[low].map((from, i) => Math.round(from + (stops[low + 1][i] - from) * part));
            });
            ink = colour("--ink"); quiet = colour("--quiet"); accent = colour("--accent");
          }

          // Where a bin stands, for people.
          function place(bin) {
            const line = data.lines[data.binLines[clamp(bin, 0, data.bins - 1)]];
            return (several ? data.documents[line[0]] + ", " : "") + "line " + line[1].toLocaleString("en") + ": " + line[2];
          }

          function fit(canvas, height) {
            const scale = devicePixelRatio || 1, width = canvas.clientWidth;
            canvas.width = Math.max(1, Math.round(width * scale));
            canvas.height = Math.round(height * scale);
            canvas.style.height = height + "px";
            const to = canvas.getContext("2d");
            to.setTransform(scale, 0, 0, scale, 0, 0);
            to.clearRect(0, 0, width, height);
            return [to, width];
          }

          function map(figure) {
            const question = data.questions[figure.dataset.question];
            const canvas = figure.querySelector("canvas"), output = figure.querySelector("output");
            const rows = question.rows.map(bytes), heads = data.heads.length;
            const rowHeight = 16, barsHeight = 56, axisHeight = 34, gap = 4;
            let first = 0, count = data.bins, at = null;
            const least = Math.min(data.bins, 16);
            const left = () => canvas.clientWidth < 480 ? 74 : 84;
            const plot = () => Math.max(1, canvas.clientWidth - left());
            const binAt = x => clamp(Math.floor(first + (x - left()) / plot() * count), 0, data.bins - 1);
            const xOf = bin => left() + (bin - first) / count * plot();

            function show(newFirst, newCount) {
              count = clamp(newCount, least, data.bins);
              first = clamp(newFirst, 0, data.bins - count);
              draw();
            }
            const zoom = (factor, x) => {
              const part = clamp((x - left()) / plot(), 0, 1), middle = first + part * count, next = clamp(count * factor, least, data.bins);
              show(middle - part * next, next);
            };

            // The most of the bins under a pixel and half of its neighbours: a single match must stay visible among many bins.
            function strongest(row, x, width) {
              const from = clamp(Math.floor(first + (x - .5) / width * count), 0, data.bins - 1);
              const to = clamp(Math.ceil(first + (x + 1.5) / width * count), from + 1, data.bins);
              let most = 0;
              for (let bin = from; bin < to; bin++) most = Math.max(most, row[bin]);
              return most;
            }

            function draw() {
              const height = heads * rowHeight + gap + barsHeight + axisHeight;
              const [to, width] = fit(canvas, height);
              const start = left(), wide = plot();
              to.font = "12px system-ui, sans-serif";
              to.textBaseline = "middle";
              const mostOfHeads = Math.max(...question.most.slice(0, heads));
              for (let h = 0; h <= heads; h++) {
                const top = h < heads ? h * rowHeight : heads * rowHeight + gap;
                to.fillStyle = quiet;
                to.textAlign = "right";
                to.fillText(h < heads ? data.heads[h].name : "all heads", start - 8, top + (h < heads ? rowHeight : barsHeight) / 2);
                const scale = h < heads && mostOfHeads > 0 ? Math.sqrt(question.most[h] / mostOfHeads) : 1;
                if (h === heads) { to.fillStyle = `rgb(${ramp[0]})`; to.fillRect(start, top, wide, barsHeight); }
                for (let x = 0; x < wide; x++) {
                  const level = strongest(rows[h], x, wide) * scale;
                  to.fillStyle = `rgb(${ramp[Math.round(level)]})`;
                  if (h < heads) to.fillRect(start + x, top, 1.05, rowHeight - 1);
                  else if (level > 0) { const tall = Math.max(1, level / 255 * barsHeight); to.fillRect(start + x, top + barsHeight - tall, 1.05, tall); }
                }
              }
              const axis = heads * rowHeight + gap + barsHeight;
              to.textAlign = "center";
              const numbered = [];
              question.passages.forEach((passage, i) => {
                const x = xOf(passage[0] / data.tokens * data.bins);
                if (x < start || x > width || numbered.some(other => Math.abs(other - x) < 10)) return;
                numbered.push(x);
                to.fillStyle = accent;
                to.fillText(String(i + 1), clamp(x, start + 4, width - 4), axis + 9);
              });
              to.fillStyle = quiet;
              const ticks = wide < 400 ? 3 : 6;
              for (let i = 0; i < ticks; i++) {
                const x = start + i / (ticks - 1) * wide;
                const line = data.lines[data.binLines[binAt(Math.min(x, width - 1))]];
                to.textAlign = i === 0 ? "left" : i === ticks - 1 ? "right" : "center";
                const name = several ? data.documents[line[0]].split("/").pop().slice(0, 12) + ":" : i === 0 ? "line " : "";
                to.fillText(name + line[1].toLocaleString("en"), x, axis + 25);
              }
              if (at !== null) {
                to.strokeStyle = ink;
                to.globalAlpha = .6;
                to.strokeRect(xOf(at) - .5, .5, Math.max(2, plot() / count), axis - 1);
                to.globalAlpha = 1;
              }
            }

            function point(x) {
              if (x < left()) return;
              at = binAt(x);
              const all = rows[heads][at] / 255;
              output.textContent = percent(all * all * question.most[heads]) + " at " + place(at);
              draw();
            }

            const pointers = new Map();
            const local = event => event.clientX - canvas.getBoundingClientRect().left;
            canvas.addEventListener("pointerdown", event => { canvas.setPointerCapture(event.pointerId); pointers.set(event.pointerId, local(event)); point(local(event)); });
            canvas.addEventListener("pointermove", event => {
              const x = local(event);
              if (!pointers.has(event.pointerId)) { point(x); return; }
              const before = [...pointers.values()];
              pointers.set(event.pointerId, x);
              const after = [...pointers.values()];
              if (after.length === 1) show(first - (after[0] - before[0]) / plot() * count, count);
              else {
                const spread = values => Math.max(12, Math.abs(values[0] - values[1]));
                zoom(spread(before) / spread(after), (after[0] + after[1]) / 2);
              }
            });
            for (const ending of ["pointerup", "pointercancel"]) canvas.addEventListener(ending, event => pointers.delete(event.pointerId));
            canvas.addEventListener("pointerleave", () => { if (pointers.size === 0) { at = null; draw(); } });
            canvas.addEventListener("wheel", event => {
              if (!event.ctrlKey && Math.abs(event.deltaX) > Math.abs(event.deltaY)) { event.preventDefault(); show(first + event.deltaX / plot() * count, count); return; }
              if (count === data.bins && event.deltaY > 0) return; // all is shown: let the page scroll
              event.preventDefault();
              zoom(Math.exp(clamp(event.deltaY, -100, 100) * .003), local(event));
            }, { passive: false });
            canvas.addEventListener("dblclick", event => zoom(.25, local(event)));
            canvas.addEventListener("keydown", event => {
              const middle = left() + plot() / 2;
              const keys = { ArrowLeft: () => show(first - count / 8, count), ArrowRight: () => show(first + count / 8, count), "+": () => zoom(.5, middle), "=": () => zoom(.5, middle), "-": () => zoom(2, middle), "0": () => show(0, data.bins), Home: () => show(0, count), End: () => show(data.bins, count) };
              if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
            });
            figure.querySelector(".tools").addEventListener("click", event => {
              const middle = left() + plot() / 2, what = event.target.dataset.do;
              if (what === "in") zoom(.5, middle);
              if (what === "out") zoom(2, middle);
              if (what === "all") show(0, data.bins);
            });
            output.textContent = "Zoom with wheel, pinch or buttons; drag to move.";
            redraws.push(draw);
            return passage => {
              const [from, end] = question.passages[passage].map(token => token / data.tokens * data.bins);
              const wanted = Math.max(least, (end - from) * 6);
              at = Math.floor(from);
              output.textContent = place(at + (from % 1 > 0 ? 1 : 0));
              show((from + end - wanted) / 2, wanted);
              figure.scrollIntoView({ behavior: "smooth", block: "center" });
            };
          }

          function matrix(section) {
            const overview = data.overview, bins = overview.bins, heads = overview.heads.map(bytes);
            const canvas = section.querySelector("canvas"), output = section.querySelector("output"), buttons = [...section.querySelectorAll(".heads button")];
            let head = Math.min(heads.length - 1, 3);
            canvas.width = canvas.height = bins;
            function draw() {
              buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === head)));
              const to = canvas.getContext("2d"), image = to.createImageData(bins, bins);
              for (let i = 0; i < bins * bins; i++) {
                const [red, green, blue] = ramp[heads[head][i]];
                const seen = i % bins <= Math.floor(i / bins);
                image.data.set([red, green, blue, seen ? 255 : 0], i * 4);
              }
              to.putImageData(image, 0, 0);
            }
            const describe = event => {
              const box = canvas.getBoundingClientRect();
              const from = clamp(Math.floor((event.clientY - box.top) / box.height * bins), 0, bins - 1), to = clamp(Math.floor((event.clientX - box.left) / box.width * bins), 0, bins - 1);
              if (to > from) { output.textContent = "Not seen: what comes after a token."; return; }
              const share = (heads[head][from * bins + to] / 255) ** 2, name = bin => place(Math.floor(bin / bins * data.bins));
              output.textContent = percent(share) + " of the attention from " + name(from).slice(0, 90) + " → to " + name(to).slice(0, 90);
            };
            canvas.addEventListener("pointermove", describe);
            canvas.addEventListener("pointerdown", describe);
            buttons.forEach((button, i) => button.addEventListener("click", () => { head = i; output.textContent = data.heads[i].about; draw(); }));
            output.textContent = data.heads[head].about;
            redraws.push(draw);
          }

          readColours();
          const shows = [...document.querySelectorAll(".map")].map(map);
          if (data.overview) matrix(document.getElementById("overview"));
          document.querySelectorAll(".place").forEach(button => button.addEventListener("click", () => shows[button.dataset.question](+button.dataset.passage)));
          const redraw = () => { readColours(); redraws.forEach(draw => draw()); };
          matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
          addEventListener("resize", redraw);
          redraw();
        })();

        """;
}
