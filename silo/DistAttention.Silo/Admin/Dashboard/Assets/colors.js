// Color scales, for light and for dark pages. Silos and sequences get hues that stay theirs while the page is open.

const dark = matchMedia('(prefers-color-scheme: dark)');
const loads = { light: ['#d9e2e6', '#8fcfc5', '#2aa597', '#f0b13c', '#e4572e'], dark: ['#22323a', '#1e6a66', '#2bb3a3', '#f2b84b', '#ff6b4a'] };
const heats = { light: ['#f4f6f7', '#bfe3dd', '#3fae9f', '#0e6a72', '#122f52'], dark: ['#0f181c', '#123c44', '#1b7f7c', '#63d2b5', '#f6f3c1'] };
const hues = { light: ['#0b7a6e', '#c26a00', '#5a55c9', '#c23a6b', '#3a7fc2', '#7a8a12', '#8e44ad', '#4e6470'], dark: ['#37c7b5', '#ffab4a', '#9a95ff', '#ff7fa8', '#6db6ff', '#c4d44c', '#cf8df0', '#9fb6c2'] };
const theme = () => dark.matches ? 'dark' : 'light';
const rgb = hex => [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16));

function between(stops, share) {
  const at = Math.max(0, Math.min(1, share)) * (stops.length - 1), i = Math.min(stops.length - 2, Math.floor(at)), t = at - i;
  const a = rgb(stops[i]), b = rgb(stops[i + 1]);
  return `rgb(${a.map((v, k) => Math.round(v + (b[k] - v) * t)).join(' ')})`;
}

export const loadColor = share => between(loads[theme()], share);
export const heatColor = share => between(heats[theme()], share);
export const onThemeChange = run => dark.addEventListener('change', run);

function assigner() {
  const known = new Map();
  return key => {
    if (!known.has(key)) known.set(key, known.size);
    return hues[theme()][known.get(key) % hues.light.length];
  };
}
export const siloColor = assigner();
export const sequenceColor = assigner();
