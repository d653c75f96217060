// Puts the page together.

import { $, say } from './dom.js';
import { offer } from './ask.js';
import { onThemeChange } from './colors.js';
import { watchForEvents } from './events.js';
import { nameSilos, redrawExplain } from './explain.js';
import { redrawMass } from './mass.js';
import { onOpen, showSequences, showSpread } from './sequences.js';
import { redrawSilos, showSilos } from './silos.js';
import { listen } from './stream.js';
import { redrawTiles, showTiles } from './tiles.js';

const names = new Map(); // of sequences, by the id in their shards

listen({
  silos(seen) {
    say($('cluster'), seen.cluster);
    document.title = `${seen.cluster}: DistAttention`;
    nameSilos(seen.silos);
    watchForEvents(seen.silos);
    showTiles(seen.silos);
    showSilos(seen, names);
    showSpread(seen);
  },
  sequences(seen) {
    names.clear();
    for (const s of showSequences(seen)) names.set(s.uid, s.name);
    for (const form of ['explain-form', 'mass-form']) offer($(form).elements.sequence, seen.sequences.map(s => s.name));
  },
});

onOpen((what, sequence) => {
  const form = $(`${what}-form`);
  form.elements.sequence.value = sequence;
  $(what).scrollIntoView();
  form.requestSubmit();
});

function redraw() { redrawTiles(); redrawSilos(); redrawExplain(); redrawMass(); }
let waiting = 0;
addEventListener('resize', () => { clearTimeout(waiting); waiting = setTimeout(redraw, 80); });
onThemeChange(redraw);

const self = await (await fetch('/api/self')).json();
say($('here'), `Seen from ${self.name}.`);
if (self.orleansDashboard) { $('orleans').href = self.orleansDashboard; $('orleans').hidden = false; }
