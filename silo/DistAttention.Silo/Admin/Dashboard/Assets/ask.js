// Forms that have the silo run something: one answer at a time, errors in words.

import { el } from './dom.js';

export function asks(form, result, path, show) {
  form.addEventListener('submit', async event => {
    event.preventDefault();
    const button = form.querySelector('button.primary'), given = new FormData(form), body = {};
    for (const input of form.elements) if (input.name) body[input.name] = input.type === 'number' ? Number(given.get(input.name)) : input.type === 'checkbox' ? input.checked : given.get(input.name);
    button.disabled = true;
    result.setAttribute('aria-busy', 'true');
    try {
      const answer = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
      if (answer.status === 401) { location.href = '/login'; return; }
      const said = await answer.json();
      if (!answer.ok) throw new Error(said.error ?? `the silo answered ${answer.status}`);
      show(said);
    } catch (error) {
      result.replaceChildren(el('p', { class: 'error' }, error.message));
    } finally {
      button.disabled = false;
      result.removeAttribute('aria-busy');
    }
  });
}

/** Keeps the choices of a select in step with the sequences, and what is chosen. */
export function offer(select, names) {
  const now = [...select.options].map(o => o.value);
  if (names.length && now.length === names.length && now.every((v, i) => v === names[i])) return;
  const chosen = select.value;
  select.replaceChildren(...names.map(name => el('option', { value: name }, name)));
  if (names.includes(chosen)) select.value = chosen;
  select.form.querySelector('button.primary').disabled = names.length === 0;
}

export const numbers = pairs => el('dl', { class: 'numbers' }, ...pairs.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))));
