// The row of numbers at the top, over the whole cluster, each with its last two minutes.

import { $, el, say } from './dom.js';
import { bytes, count, exact, parts, percent, seconds } from './format.js';
import { Spark } from './spark.js';

const sum = (silos, of) => silos.reduce((total, s) => total + of(s), 0);
const worst = (silos, of) => { const known = silos.map(of).filter(v => v !== null); return known.length ? Math.max(...known) : null; };

const kinds = [
  { label: 'Query rows / s', value: s => sum(s, x => x.rowsAnswered), text: v => parts.count(v), detail: s => `${exact(sum(s, x => x.calls))} calls in progress` },
  { label: 'Time to answer', value: s => worst(s, x => x.attendMedian), text: v => parts.seconds(v), detail: s => `99 % within ${seconds(worst(s, x => x.attendTail))}` },
  { label: 'Arithmetic', value: s => sum(s, x => x.flops), text: v => { const [n, u] = parts.count(v); return [n, `${u}FLOP/s`]; },
    detail: s => { const busy = sum(s, x => x.busy * x.threads), threads = sum(s, x => x.threads); return `${percent(busy ? sum(s, x => x.peakFraction * x.busy * x.threads) / busy : 0)} of peak, ${percent(threads ? busy / threads : 0)} busy`; } },
  { label: 'Rows appended / s', value: s => sum(s, x => x.rowsWritten), text: v => parts.count(v), detail: s => `write ${seconds(worst(s, x => x.writeMedian))}, 99 % ${seconds(worst(s, x => x.writeTail))}` },
  { label: 'On the wire / s', value: s => sum(s, x => x.bytesSent), text: v => parts.bytes(v), detail: s => { const all = sum(s, x => x.blocksComputed + x.blocksSkipped); return `masks skip ${percent(all ? sum(s, x => x.blocksSkipped) / all : 0)} of blocks`; } },
  { label: 'Keys and values', value: s => sum(s, x => x.resident), text: v => parts.bytes(v), detail: s => `of ${bytes(sum(s, x => x.budget))}, ${count(sum(s, x => x.positions))} positions` },
];

const made = kinds.map(kind => {
  const value = el('div', { class: 'value' }), detail = el('div', { class: 'detail' }), canvas = el('canvas', { 'aria-hidden': 'true' });
  $('tiles').append(el('div', { class: 'tile card' }, el('div', { class: 'label' }, kind.label), value, detail, canvas));
  return { ...kind, node: value, detailNode: detail, spark: new Spark(canvas) };
});

export function showTiles(silos) {
  for (const tile of made) {
    const now = tile.value(silos), [number, unit] = tile.text(now);
    tile.node.replaceChildren(number, unit ? el('small', {}, ` ${unit}`) : '');
    say(tile.detailNode, tile.detail(silos));
    tile.spark.add(now);
  }
}

export const redrawTiles = () => made.forEach(t => t.spark.draw());
