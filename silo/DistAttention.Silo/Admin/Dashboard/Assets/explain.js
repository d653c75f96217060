// EXPLAIN ANALYZE as a picture: query tiles down, shards across, each cell in its silo's color where it is computed.

import { $, color, el, pointable, sharp } from './dom.js';
import { asks, numbers } from './ask.js';
import { bytes, count, exact, flops, ms, percent } from './format.js';
import { siloColor } from './colors.js';

let shown = null, siloNames = new Map();
const nameOf = id => siloNames.get(id) ?? id;
export const nameSilos = silos => { siloNames = new Map(silos.map(s => [s.id, s.name])); };

function drawPicture(plan, canvas) {
  const tiles = plan.picture, gutter = 62, top = 18, rowHeight = Math.max(5, Math.min(34, 300 / Math.max(1, tiles.length)));
  const { context: c, width } = sharp(canvas, top + rowHeight * tiles.length + 4);
  const cellWidth = (width - gutter - 8) / Math.max(1, plan.shards), cells = [];
  c.font = '11px system-ui, sans-serif';
  tiles.forEach((tile, t) => {
    const y = top + t * rowHeight, per = Math.ceil(16 / rowHeight);
    if (t % per === 0) { c.fillStyle = color('--quiet'); c.fillText(count(tile.from), 6, y + Math.min(rowHeight, 14) - 2); }
    for (const v of tile.cells) {
      const x = gutter + v.s * cellWidth, gap = cellWidth > 5 ? 1 : 0, tall = Math.max(1, rowHeight - (rowHeight > 8 ? 1 : 0)), all = v.f + v.m + v.n;
      const share = all ? (v.f + v.m) / all : 0;
      c.fillStyle = color('--cell'); c.fillRect(x, y, Math.max(0.6, cellWidth - gap), tall);
      if (v.c !== 'none') {
        c.fillStyle = siloColor(v.o); c.globalAlpha = v.c === 'full' ? 1 : 0.25 + 0.5 * share;
        c.fillRect(x, y, Math.max(0.6, cellWidth - gap), tall); c.globalAlpha = 1;
      }
      cells.push({ x, y, w: cellWidth, h: rowHeight, v, tile });
    }
  });
  c.fillStyle = color('--quiet');
  c.fillText('queries', 6, 11); c.textAlign = 'right'; c.fillText(`position ${exact(plan.length)}`, width - 8, 11); c.textAlign = 'left'; c.fillText('position 0', gutter, 11);
  return cells;
}

function steps(plan) {
  const names = { plan: 'Plan', ask: 'Ask the silos', merge: 'Merge', finish: 'Finish' };
  const most = Math.max(1e-9, ...plan.steps.flatMap(s => [s.predictedMs, s.actualMs ?? 0]));
  const bar = (kind, value) => { const b = el('div', { class: `bar ${kind}` }); b.style.width = `${100 * value / most}%`; return b; };
  return el('div', {}, el('h3', {}, 'Steps'), el('div', { class: 'bars' }, ...plan.steps.flatMap(s => [
    el('span', {}, names[s.kind] ?? s.kind),
    el('div', { class: 'pair' }, bar('expected', s.predictedMs), s.actualMs === null || s.actualMs === undefined ? null : bar('actual', s.actualMs)),
    el('span', {}, s.actualMs === null || s.actualMs === undefined ? ms(s.predictedMs) : `${ms(s.actualMs)}`, el('span', { class: 'quiet' }, s.actualMs === null || s.actualMs === undefined ? ' expected' : ` of ${ms(s.predictedMs)}`)),
  ])), el('p', { class: 'key' }, el('span', {}, 'striped: expected'), el('span', {}, 'solid: took'), el('span', {}, 'summed over tiles, which run side by side')));
}

function owners(plan) {
  const most = Math.max(1e-9, ...plan.owners.map(o => o.flops));
  return el('div', {}, el('h3', {}, 'Silos'), el('div', { class: 'bars' }, ...plan.owners.flatMap(o => {
    const bar = el('div', { class: 'bar' }); bar.style.width = `${100 * o.flops / most}%`; bar.style.background = siloColor(o.owner);
    return [el('span', {}, nameOf(o.owner)), bar, el('span', {}, flops(o.flops), el('span', { class: 'quiet' }, `, ${bytes(o.queryBytes + o.maskBytes)} out, ${bytes(o.answerBytes)} back`))];
  })), plan.owners.length ? null : el('p', { class: 'quiet' }, 'No silo is asked: the mask hides everything.'));
}

function show(plan) {
  const blocks = plan.blocksVisited + plan.blocksSkipped, canvas = el('canvas', { class: 'picture', role: 'img', 'aria-label': `${plan.tiles} query tiles by ${plan.shards} shards; arrow keys go through them` });
  $('explain-result').replaceChildren(
    numbers([
      [plan.tookMs === null || plan.tookMs === undefined ? 'Expected' : 'Took', plan.tookMs === null || plan.tookMs === undefined ? ms(plan.predictedMs) : `${ms(plan.tookMs)}`],
      ['Blocks skipped', percent(blocks ? plan.blocksSkipped / blocks : 0)], ['Operations', flops(plan.flops)], ['K/V read', bytes(plan.kvBytes)],
      ['Tiles × shards', `${exact(plan.tiles)} × ${exact(plan.shards)}`], ...(plan.retries ? [['Asked again', exact(plan.retries)]] : []),
    ]),
    canvas,
    el('p', { class: 'key' }, ...plan.owners.map(o => { const i = el('i'); i.style.background = siloColor(o.owner); return el('span', {}, i, nameOf(o.owner)); }),
      el('span', {}, 'pale: partly hidden by the mask'), el('span', {}, 'grey: never sent')),
    el('div', { class: 'columns' }, steps(plan), owners(plan)));
  shown = { plan, canvas };
  shown.cells = drawPicture(plan, canvas);
  pointable(canvas, {
    at: (x, y) => shown.cells.find(c => x >= c.x && x < c.x + c.w && y >= c.y && y < c.y + c.h),
    cells: () => shown.cells,
    describe: c => `rows at ${exact(c.tile.from)} to ${exact(c.tile.to - 1)}, shard ${c.v.s}\n${c.v.c === 'none' ? 'never sent' : `${nameOf(c.v.o)} computes ${exact(c.v.f + c.v.m)} blocks, ${exact(c.v.m)} with mask bits`}${c.v.n ? `\nskips ${exact(c.v.n)}: ${c.v.w}` : ''}`,
  });
}

export const redrawExplain = () => { if (shown) shown.cells = drawPicture(shown.plan, shown.canvas); };
asks($('explain-form'), $('explain-result'), '/api/explain', show);
