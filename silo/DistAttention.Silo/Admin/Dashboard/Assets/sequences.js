// The table of sequences, and what to do while there is none.

import { $, el, say } from './dom.js';
import { bytes, exact } from './format.js';
import { siloColor } from './colors.js';

let list = null, silos = [], sort = 'name', falling = false, open = () => {};
const rows = new Map();

/** How the shards of a sequence are spread over silos: [silo, bytes]. */
const spreadOf = uid => silos.map(s => [s, s.shards.filter(x => x.sequence === uid).reduce((sum, x) => sum + x.bytes, 0)]).filter(x => x[1] > 0);

function makeRow(name) {
  const cell = (props = {}) => el('td', props);
  const row = { name: cell({ class: 'name', title: name }), length: cell({ class: 'number length' }), resident: cell({ class: 'number' }), spread: el('div', { class: 'spread', role: 'img' }), shape: cell({ class: 'wide quiet' }) };
  say(row.name, name);
  row.node = el('tr', {}, row.name, row.length, row.resident, el('td', { class: 'where' }, row.spread), row.shape, el('td', { class: 'act' }, el('div', { class: 'row-actions' },
    el('button', { onclick: () => open('explain', name), 'aria-label': `Explain a query on ${name}` }, 'Explain'),
    el('button', { onclick: () => open('mass', name), 'aria-label': `Heat map of ${name}` }, 'Heat map'))));
  rows.set(name, row);
  return row;
}

function render() {
  if (!list) return;
  const none = list.length === 0;
  $('empty').hidden = !none; $('sequence-card').hidden = none; $('filter').hidden = none;
  if (none) firstSteps();
  const wanted = $('filter').value.trim().toLowerCase();
  const shown = list.filter(s => s.name.toLowerCase().includes(wanted)).sort((a, b) => (falling ? -1 : 1) * (sort === 'name' ? a.name.localeCompare(b.name) : a[sort] - b[sort]));
  const names = new Set(shown.map(s => s.name));
  for (const [name, row] of rows) if (!names.has(name)) { row.node.remove(); rows.delete(name); }
  shown.forEach((s, i) => {
    const row = rows.get(s.name) ?? makeRow(s.name), parts = spreadOf(s.uid), total = parts.reduce((sum, p) => sum + p[1], 0);
    say(row.length, exact(s.length)); say(row.resident, bytes(s.resident));
    say(row.shape, `${s.heads}/${s.headsKv} heads × ${s.headDim}${s.headDimV === s.headDim ? '' : `, v ${s.headDimV}`}, ${s.type}, ${s.shards} × ${exact(s.shardLength)}`);
    row.spread.replaceChildren(...parts.map(([silo, share]) => { const part = el('i'); part.style.width = `${100 * share / total}%`; part.style.background = siloColor(silo.id); return part; }));
    const spread = parts.map(([silo, share]) => `${silo.name} ${Math.round(100 * share / total)} %`).join(', ') || 'not in memory, or shared with the sequence it was forked from';
    row.spread.title = spread; row.spread.setAttribute('aria-label', spread);
    if ($('sequence-rows').children[i] !== row.node) $('sequence-rows').insertBefore(row.node, $('sequence-rows').children[i] ?? null);
  });
  say($('sequence-count'), none ? '' : shown.length === list.length ? `${exact(list.length)}` : `${exact(shown.length)} of ${exact(list.length)}`);
}

function firstSteps() {
  const gateway = silos.map(s => s.gateway).find(Boolean) ?? 'HOST:30000';
  say($('first-steps'), `# exact attention over a long text, with questions to it\ndistattn demo --cluster ${gateway}\n\n# your own tensors\ndistattn attend --cluster ${gateway} --q q.npy --k k.npy --v v.npy --mask causal --out o.npy\n\n// or from a program\nawait using var client = await DistAttentionClient.ConnectAsync(\n    new() { Gateways = { IPEndPoint.Parse("${gateway}") } });\nvar sequence = await client.CreateSequenceAsync("doc", new() { NumHeadsQ = 8, NumHeadsKv = 2, HeadDim = 64 });\nawait sequence.AppendAsync(k, v);`);
}

export function showSequences(seen) { list = seen.sequences; render(); return list; }
export function showSpread(seen) { silos = seen.silos; render(); }
export const onOpen = run => { open = run; };

$('filter').addEventListener('input', render);
document.querySelectorAll('th [data-sort]').forEach(button => button.addEventListener('click', () => {
  falling = sort === button.dataset.sort ? !falling : button.dataset.sort !== 'name';
  sort = button.dataset.sort;
  document.querySelectorAll('th').forEach(th => th.removeAttribute('aria-sort'));
  button.closest('th').setAttribute('aria-sort', falling ? 'descending' : 'ascending');
  render();
}));
