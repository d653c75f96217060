// What happened while the page was open, from what changed between two looks. The same thing again moves to the top and adds up.

import { $, el } from './dom.js';
import { exact } from './format.js';

const most = 6, clock = new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const happened = new Map(); // by what it is: { node, count }
let before = null;

function tell(what, bad, text, count = 1) {
  const known = happened.get(what) ?? { node: el('li', bad ? { class: 'trouble' } : {}), count: 0 };
  known.count += count;
  known.node.replaceChildren(el('time', {}, clock.format(new Date())), ` ${text(known.count)}`);
  happened.delete(what);
  happened.set(what, known);
  while (happened.size > most) {
    const [oldest, { node }] = happened.entries().next().value;
    node.remove();
    happened.delete(oldest);
  }
  $('events').hidden = false;
  $('events').prepend(known.node);
}

const kinds = [
  ['failovers', n => `${exact(n)} ${n === 1 ? 'part' : 'parts'} given to another silo, because theirs did not answer`],
  ['refused', n => `${exact(n)} ${n === 1 ? 'call' : 'calls'} refused as too many`],
  ['failed', n => `${exact(n)} ${n === 1 ? 'call' : 'calls'} failed`],
];

export function watchForEvents(silos) {
  const now = new Map(silos.map(s => [s.id, s]));
  for (const [id, was] of before ?? []) if (!now.has(id)) tell(`gone ${id}`, true, () => `${was.name} is gone, or does not answer`);
  for (const [id, silo] of before ? now : []) {
    const was = before.get(id);
    if (!was) { tell(`new ${id}`, false, () => `${silo.name} is there`); continue; }
    for (const [key, text] of kinds) if (silo[key] > was[key]) tell(`${key} ${id}`, true, n => `${silo.name}: ${text(n)}`, silo[key] - was[key]);
    if (silo.shardCount !== was.shardCount) tell(`shards ${id}`, false, () => `${silo.name} now has ${exact(silo.shardCount)} ${silo.shardCount === 1 ? 'shard' : 'shards'}`);
  }
  before = now;
}
