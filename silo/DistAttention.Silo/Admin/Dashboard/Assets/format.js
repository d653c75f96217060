// Numbers as people read them.

const steps = (value, base, units) => {
  let i = 0;
  while (Math.abs(value) >= base && i < units.length - 1) { value /= base; i++; }
  return [value, units[i]];
};
const digits = value => value === 0 ? '0' : Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(Math.abs(value) >= 1 ? 2 : 3).replace(/0+$/, '').replace(/\.$/, '');

export const parts = {
  count: v => { if (Number.isInteger(v) && Math.abs(v) < 1000) return [String(v), '']; const [n, u] = steps(v, 1000, ['', 'k', 'M', 'G', 'T', 'P']); return [digits(n), u]; },
  bytes: v => { const [n, u] = steps(v, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']); return [u === 'B' ? n.toFixed(0) : digits(n), u]; },
  seconds: v => v === null || v === undefined ? ['–', ''] : v >= 1 ? [digits(v), 's'] : v >= 0.001 ? [digits(v * 1000), 'ms'] : [digits(v * 1e6), 'µs'],
};
const whole = f => v => f(v).filter(Boolean).join(' ');
export const bytes = whole(parts.bytes), seconds = whole(parts.seconds), ms = v => seconds(v === null || v === undefined ? v : v / 1000);
export const flops = v => { const [n, u] = parts.count(v); return `${n} ${u}FLOP`; };
export const count = v => parts.count(v).filter(Boolean).join('');
export const exact = v => v.toLocaleString('en-US');
export const percent = v => `${(v * 100).toFixed(v > 0 && v < 0.1 ? 1 : 0)} %`;
