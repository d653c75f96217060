// What happened while the page was open, from what changed between two looks.

import { $, el } from './dom.js';
import { count } from './format.js';

const most = 8, clock = new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });
let before = null;

function tell(text, bad = false) {
  $('events').hidden = false;
  $('events').prepend(el('li', bad ? { class: 'trouble' } : {}, el('time', {}, clock.format(new Date())), ` ${text}`));
  while ($('events').children.length > most) $('events').lastChild.remove();
}

export function watchForEvents(silos) {
  const now = new Map(silos.map(s => [s.id, s]));
  if (before) {
    for (const [id, silo] of before) if (!now.has(id)) tell(`${silo.name} is gone, or does not answer`, true);
    for (const [id, silo] of now) {
      const was = before.get(id);
      if (!was) { tell(`${silo.name} is there`); continue; }
      const added = (key, text, bad) => { if (silo[key] > was[key]) tell(`${silo.name}: ${count(silo[key] - was[key])} ${text}`, bad); };
      added('failovers', 'parts given to another silo, because theirs did not answer', true);
      added('refused', 'calls refused as too many', true);
      added('failed', 'calls failed', true);
      if (silo.shardCount !== was.shardCount) tell(`${silo.name}: ${count(was.shardCount)} → ${count(silo.shardCount)} shards`);
    }
  }
  before = now;
}
