// Small helpers over the page. Text only ever goes in as text.

export const $ = id => document.getElementById(id);

export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (name === 'class') made.className = value;
    else if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter(c => c !== null && c !== undefined));
  return made;
}

/** Changes the text of a node only if it is another one: what has the focus or is selected stays so. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A canvas as sharp as the screen; returns its context in CSS pixels, and its size. */
export function sharp(canvas, height) {
  const scale = Math.min(3, devicePixelRatio || 1), width = canvas.clientWidth || 1, tall = height ?? (canvas.clientHeight || 1);
  const w = Math.round(width * scale), h = Math.round(tall * scale);
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  if (height) canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d');
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, tall);
  return { context, width, height: tall };
}

/** A color of the style sheet. */
export const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const tip = $('tip');

/** Shows a text beside a place of the window, inside it. */
export function showTip(text, x, y) {
  tip.hidden = !text;
  if (!text) return;
  say(tip, text);
  const box = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(6, Math.min(innerWidth - box.width - 6, x + 14))}px`;
  tip.style.top = `${y + 18 + box.height > innerHeight ? Math.max(6, y - box.height - 10) : y + 18}px`;
}

export const hideTip = () => { tip.hidden = true; };

/** Lets mouse, touch and keys point at cells of a canvas: at(x, y) finds one, cells() lists all, describe(cell) says what it is. */
export function pointable(canvas, { at, cells, describe, mark }) {
  let chosen = -1;
  const show = (cell, x, y) => { mark?.(cell); cell ? showTip(describe(cell), x, y) : hideTip(); };
  canvas.tabIndex = 0;
  canvas.addEventListener('pointermove', e => { const box = canvas.getBoundingClientRect(); show(at(e.clientX - box.left, e.clientY - box.top), e.clientX, e.clientY); });
  canvas.addEventListener('pointerleave', () => show(null));
  canvas.addEventListener('blur', () => { chosen = -1; show(null); });
  canvas.addEventListener('keydown', e => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];
    if (e.key === 'Escape') show(null);
    if (!step) return;
    e.preventDefault();
    const all = cells();
    if (!all.length) return;
    chosen = (chosen + step + all.length) % all.length;
    const cell = all[chosen], box = canvas.getBoundingClientRect();
    show(cell, box.left + cell.x + cell.w / 2, box.top + cell.y + cell.h / 2);
    canvas.setAttribute('aria-label', describe(cell));
  });
}
