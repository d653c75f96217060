// The live stream (server-sent events), and saying clearly when it is not live.

import { $, say } from './dom.js';

const patience = 5000; // without news for longer, what is shown is old
const clock = new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export function listen(handlers) {
  let heard = 0, source = null, again = null;

  function show(state) {
    const lost = state === 'lost';
    $('status').dataset.state = state;
    say($('status'), { live: 'live', lost: 'disconnected', waiting: 'connecting' }[state]);
    document.body.classList.toggle('lost', lost);
    $('banner').hidden = !lost;
    if (lost) say($('banner'), heard
      ? `Disconnected: what you see is from ${clock.format(heard)}, ${Math.round((Date.now() - heard) / 1000)} s ago. Trying again…`
      : 'Disconnected: this silo does not answer. Trying again…');
  }

  async function reconnect() {
    again = null;
    source?.close();
    try {
      const answer = await fetch('/api/self', { cache: 'no-store' });
      if (answer.status === 401) { location.href = '/login'; return; }
    } catch { /* still away */ }
    open();
  }

  function open() {
    source = new EventSource('/api/stream');
    for (const [kind, handle] of Object.entries(handlers)) {
      source.addEventListener(kind, event => {
        heard = Date.now();
        show('live');
        handle(JSON.parse(event.data));
      });
    }
    source.addEventListener('error', () => {
      show('lost');
      again ??= setTimeout(reconnect, 2000);
    });
  }

  setInterval(() => { if (heard && Date.now() - heard > patience) show('lost'); }, 1000);
  document.addEventListener('visibilitychange', () => { if (!document.hidden && heard && Date.now() - heard > patience) reconnect(); });
  show('waiting');
  open();
}
