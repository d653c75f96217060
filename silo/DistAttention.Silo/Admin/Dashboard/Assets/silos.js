// One card per silo: how busy and how full it is, and its shards as a map.

import { $, color, el, pointable, say, sharp } from './dom.js';
import { bytes, count, exact, percent } from './format.js';
import { loadColor, sequenceColor, siloColor } from './colors.js';
import { grid, squarify } from './treemap.js';

const cards = new Map();
const coolest = 20; // a shard asked for less often a second is not hot, however idle the others are
let mode = 'load', most = coolest, last = null, names = new Map(), picked = null;

const nameOf = uid => names.get(uid) ?? `a sequence ${uid.slice(0, 8)}`;

function meter(label) {
  const bar = el('i'), value = el('span'), track = el('div', { class: 'meter' }, bar);
  return { nodes: [el('span', {}, label), track, value], set(share, text) { bar.style.width = `${Math.min(100, share * 100)}%`; track.classList.toggle('high', share > 0.9); say(value, text); } };
}

function makeCard(silo) {
  const card = { cells: [], busy: meter('Threads'), memory: meter('Memory'), canvas: el('canvas', { role: 'img' }), facts: el('p', { class: 'facts' }), name: el('strong'), here: el('span', { class: 'here', hidden: true }, 'this silo'), address: el('span', { class: 'quiet' }) };
  card.node = el('article', { class: 'silo card' },
    el('header', {}, el('span', { class: 'who' }, card.name, card.here), card.address),
    el('div', { class: 'meters' }, ...card.busy.nodes, ...card.memory.nodes), card.canvas, card.facts);
  pointable(card.canvas, {
    at: (x, y) => card.cells.find(c => x >= c.x && x < c.x + c.w && y >= c.y && y < c.y + c.h),
    cells: () => card.cells,
    describe: c => `${nameOf(c.item.sequence)}, shard ${c.item.index}\n${exact(c.item.positions)} positions, ${bytes(c.item.bytes)}\n${c.item.uses >= 0.05 ? `asked for ${c.item.uses.toFixed(1)} times a second` : 'idle'}`,
    mark: c => { picked = c ? c.item : null; draw(card); },
  });
  cards.set(silo.id, card);
  return card;
}

/** A box per sequence by its bytes, and in it a cell per shard, in their order. */
function layOut(card, width, height) {
  const bySequence = Map.groupBy ? Map.groupBy(card.silo.shards, s => s.sequence) : card.silo.shards.reduce((m, s) => m.set(s.sequence, [...(m.get(s.sequence) ?? []), s]), new Map());
  const groups = [...bySequence].map(([uid, shards]) => ({ uid, shards, value: shards.reduce((sum, s) => sum + s.bytes, 0) + 1 }));
  card.cells = [];
  card.boxes = squarify(groups, { x: 0, y: 0, w: width, h: height });
  for (const box of card.boxes) {
    const gap = Math.min(2, box.w / 8, box.h / 8);
    card.cells.push(...grid(box.item.shards, { x: box.x + gap, y: box.y + gap, w: box.w - 2 * gap, h: box.h - 2 * gap }));
  }
}

function draw(card) {
  const { context: c, width, height } = sharp(card.canvas);
  layOut(card, width, height);
  for (const cell of card.cells) {
    const gap = cell.w > 6 && cell.h > 6 ? 1 : cell.w > 3 && cell.h > 3 ? 0.5 : 0, s = cell.item;
    c.fillStyle = mode === 'load' ? loadColor(Math.sqrt(s.uses / most)) : sequenceColor(s.sequence);
    c.beginPath(); c.roundRect(cell.x + gap, cell.y + gap, cell.w - 2 * gap, cell.h - 2 * gap, Math.min(3, cell.w / 6, cell.h / 6)); c.fill();
    if (picked && picked.sequence === s.sequence) {
      c.strokeStyle = color('--text'); c.lineWidth = picked === s ? 2 : 0.75; c.stroke();
    }
  }
  for (const box of card.boxes) {
    if (box.w > 90 && box.h > 34) {
      c.font = '600 11px system-ui, sans-serif';
      const text = nameOf(box.item.uid), wide = Math.min(box.w - 14, c.measureText(text).width + 10);
      c.fillStyle = color('--card'); c.globalAlpha = 0.88; c.beginPath(); c.roundRect(box.x + 6, box.y + 6, wide, 17, 4); c.fill(); c.globalAlpha = 1;
      c.save(); c.beginPath(); c.rect(box.x + 6, box.y + 6, wide - 3, 17); c.clip(); c.fillStyle = color('--text'); c.fillText(text, box.x + 11, box.y + 18.5); c.restore();
    }
  }
  if (!card.cells.length) {
    c.fillStyle = color('--quiet'); c.font = '12px system-ui, sans-serif'; c.textAlign = 'center';
    c.fillText('no shards yet', width / 2, height / 2 + 4); c.textAlign = 'left';
  }
}

export function showSilos(seen, sequenceNames) {
  last = seen; names = sequenceNames;
  most = Math.max(coolest, ...seen.silos.flatMap(s => s.shards.map(x => x.uses)));
  const live = new Set(seen.silos.map(s => s.id));
  for (const [id, card] of cards) if (!live.has(id)) { card.node.remove(); cards.delete(id); }
  for (const silo of seen.silos) {
    const card = cards.get(silo.id) ?? makeCard(silo);
    if (!card.node.parentNode) $('silo-map').append(card.node);
    card.silo = silo;
    say(card.name, silo.name); say(card.address, silo.gateway || 'no gateway');
    card.name.style.color = siloColor(silo.id);
    card.here.hidden = silo.id !== seen.here;
    card.busy.set(silo.busy, percent(silo.busy));
    card.memory.set(silo.resident / silo.budget, `${bytes(silo.resident)} of ${bytes(silo.budget)}`);
    card.node.classList.toggle('bare', !silo.shards.length);
    card.canvas.setAttribute('aria-label', `${silo.shardCount} shards of ${silo.name}; arrow keys go through them`);
    const fact = (label, value, bad) => el('span', bad && value ? { class: 'trouble' } : {}, el('b', {}, count(value)), ` ${value === 1 && ['shards', 'ledgers'].includes(label) ? label.slice(0, -1) : label}`);
    card.facts.replaceChildren(fact('shards', silo.shardCount), fact('ledgers', silo.sequences), fact('jobs wait', silo.queued), fact('rows/s', Math.round(silo.rowsAnswered)),
      ...[['retries', silo.retries], ['failovers', silo.failovers], ['hedges', silo.hedges], ['refused', silo.refused, true], ['failed', silo.failed, true]].filter(x => x[1]).map(x => fact(...x)));
    draw(card);
  }
  const shards = seen.silos.reduce((n, s) => n + s.shardCount, 0);
  say($('silos-note'), `${seen.silos.length} ${seen.silos.length === 1 ? 'silo holds' : 'silos hold'} ${exact(shards)} ${shards === 1 ? 'shard' : 'shards'}. Area is memory. Point at a shard to see its sequence everywhere.`);
  say($('legend-most'), `asked for ${most.toFixed(0)} times a second`);
  legend();
}

function legend() {
  $('legend').style.visibility = mode === 'load' ? 'visible' : 'hidden';
  const { context: c, width, height } = sharp($('legend-scale'), 8);
  for (let x = 0; x < width; x++) { c.fillStyle = loadColor(Math.sqrt(x / width)); c.fillRect(x, 0, 1, height); }
}

function colorBy(how) {
  mode = how;
  $('by-load').setAttribute('aria-pressed', how === 'load');
  $('by-sequence').setAttribute('aria-pressed', how === 'sequence');
  redrawSilos();
}

export const redrawSilos = () => { if (last) { cards.forEach(draw); legend(); } };
$('by-load').addEventListener('click', () => colorBy('load'));
$('by-sequence').addEventListener('click', () => colorBy('sequence'));
