// The attention mass of some query rows over a sequence, as a heat map. Colors follow the square root: attention is seldom even.

import { $, color, el, pointable, sharp } from './dom.js';
import { asks, numbers } from './ask.js';
import { exact, ms, percent, seconds } from './format.js';
import { heatColor } from './colors.js';

let shown = null, by = 'rows';

const binRange = (mass, bin) => [Math.floor(bin * mass.length / mass.bins), Math.floor((bin + 1) * mass.length / mass.bins)];

function draw() {
  const { mass, canvas } = shown, lines = by === 'rows' ? mass.rows : mass.heads, values = by === 'rows' ? mass.byRow : mass.byHead;
  const gutter = 52, tall = Math.max(7, Math.min(26, 420 / lines)), { context: c, width } = sharp(canvas, 18 + tall * lines);
  const wide = (width - gutter) / mass.bins, most = Math.max(...values, 1e-12);
  shown.cells = [];
  c.font = '11px system-ui, sans-serif';
  for (let line = 0; line < lines; line++) {
    if (line % Math.ceil(15 / tall) === 0) { c.fillStyle = color('--quiet'); c.fillText(by === 'rows' ? `row ${line}` : `head ${line}`, 4, 18 + line * tall + Math.min(tall, 13) - 2); }
    for (let bin = 0; bin < mass.bins; bin++) {
      const value = values[line * mass.bins + bin];
      c.fillStyle = heatColor(Math.sqrt(value / most));
      c.fillRect(gutter + bin * wide, 18 + line * tall, wide + 0.5, tall - (tall > 9 ? 1 : 0));
      shown.cells.push({ x: gutter + bin * wide, y: 18 + line * tall, w: wide, h: tall, line, bin, value });
    }
  }
  c.fillStyle = color('--quiet'); c.fillText('position 0', gutter, 11); c.textAlign = 'right'; c.fillText(exact(mass.length), width - 2, 11); c.textAlign = 'left';
}

function show(mass) {
  const canvas = el('canvas', { class: 'picture', role: 'img', 'aria-label': `Attention mass of ${mass.rows} rows over ${mass.length} positions; arrow keys go through it` });
  const choice = (how, label) => el('button', { type: 'button', 'aria-pressed': String(by === how), onclick: e => { by = how; [...e.target.parentNode.children].forEach(b => b.setAttribute('aria-pressed', String(b === e.target))); draw(); } }, label);
  const heaviest = mass.top.reduce((a, b) => b.weight > a.weight ? b : a, { weight: 0, position: 0 }), even = mass.bins ? 1 / mass.bins : 0, peak = Math.max(...mass.byRow);
  const entropy = Array.from({ length: mass.rows }, (_, r) => mass.byRow.slice(r * mass.bins, (r + 1) * mass.bins).reduce((h, p) => p > 0 ? h - p * Math.log2(p) : h, 0)).reduce((a, b) => a + b, 0) / mass.rows;
  $('mass-result').replaceChildren(
    el('div', { class: 'head' }, numbers([['Queries', mass.askedSecondsAgo === null || mass.askedSecondsAgo === undefined ? `${mass.rows} random` : `${mass.rows}, asked ${seconds(mass.askedSecondsAgo)} ago`], ['Took', ms(mass.tookMs)], ['Positions', exact(mass.length)], ['Heaviest bin', `${percent(peak)}`], ['Times an even share', (peak / even).toFixed(1)], ['Spread over', `${(2 ** entropy).toFixed(0)} of ${mass.bins} bins`], ['Heaviest position, head 0', exact(heaviest.position)]]),
      el('div', { class: 'segmented', role: 'group', 'aria-label': 'Lines are' }, choice('rows', 'Rows'), choice('heads', 'Heads'))),
    canvas,
    el('p', { class: 'key' }, el('span', {}, 'Darkest, or brightest, is the heaviest bin; colors follow the square root of the weight, which is the mean of the heads, or of the rows.')));
  shown = { mass, canvas };
  draw();
  pointable(canvas, {
    at: (x, y) => shown.cells.find(c => x >= c.x && x < c.x + c.w && y >= c.y && y < c.y + c.h),
    cells: () => shown.cells,
    describe: c => { const [from, to] = binRange(mass, c.bin); return `${by === 'rows' ? 'row' : 'head'} ${c.line}\npositions ${exact(from)} to ${exact(Math.max(from, to - 1))}\n${(c.value * 100).toPrecision(3)} % of the weight`; },
  });
}

export const redrawMass = () => { if (shown) draw(); };
asks($('mass-form'), $('mass-result'), '/api/mass', show);
