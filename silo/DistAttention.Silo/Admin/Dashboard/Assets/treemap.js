// Squarified treemaps (Bruls, Huizing and van Wijk, 2000): areas in proportion to values, as close to squares as may be.

/** Lays items with a value out in a box; returns { item, x, y, w, h } for each. */
export function squarify(items, box) {
  const total = items.reduce((sum, i) => sum + i.value, 0), laid = [];
  if (!(total > 0) || box.w <= 0 || box.h <= 0) return laid;
  const scale = box.w * box.h / total, left = [...items].sort((a, b) => b.value - a.value);
  let { x, y, w, h } = box, row = [];
  const worst = (r, side) => { const sum = r.reduce((s, i) => s + i.value, 0) * scale; return Math.max(...r.map(i => { const a = i.value * scale; return Math.max(side * side * a / (sum * sum), sum * sum / (side * side * a)); })); };
  const place = () => {
    const sum = row.reduce((s, i) => s + i.value, 0) * scale, upright = w >= h, thick = sum / (upright ? h : w);
    let at = upright ? y : x;
    for (const item of row) {
      const long = item.value * scale / thick;
      laid.push(upright ? { item, x, y: at, w: thick, h: long } : { item, x: at, y, w: long, h: thick });
      at += long;
    }
    if (upright) { x += thick; w -= thick; } else { y += thick; h -= thick; }
    row = [];
  };
  while (left.length) {
    const side = Math.min(w, h), next = left[0];
    if (!row.length || worst([...row, next], side) <= worst(row, side)) row.push(left.shift());
    else place();
  }
  place();
  return laid;
}

/** Equal cells in reading order, as square as the box allows: for what has an order of its own. */
export function grid(items, box) {
  let columns = 1;
  while (columns < items.length && box.w / columns > box.h / Math.ceil(items.length / columns)) columns++;
  const rows = Math.ceil(items.length / columns), w = box.w / columns, h = box.h / rows;
  return items.map((item, i) => ({ item, x: box.x + (i % columns) * w, y: box.y + Math.floor(i / columns) * h, w, h }));
}
