// Sparklines: the last two minutes of one number.

import { sharp, color } from './dom.js';

const keep = 120;

export class Spark {
  constructor(canvas) { this.canvas = canvas; this.values = []; }

  add(value) {
    this.values.push(value ?? 0);
    if (this.values.length > keep) this.values.shift();
    this.draw();
  }

  draw() {
    const { context: c, width, height } = sharp(this.canvas);
    const most = Math.max(...this.values, 1e-9), line = color('--accent');
    const span = Math.max(30, this.values.length) - 1; // grows until it is full
    const x = i => width - (this.values.length - 1 - i) * (width / span), y = v => height - 2 - (v / most) * (height - 8);
    if (this.values.length < 2) return;
    c.beginPath();
    this.values.forEach((v, i) => i ? c.lineTo(x(i), y(v)) : c.moveTo(x(i), y(v)));
    c.strokeStyle = line; c.lineWidth = 1.6; c.lineJoin = 'round'; c.stroke();
    c.lineTo(width, height); c.lineTo(x(0), height); c.closePath();
    c.globalAlpha = 0.12; c.fillStyle = line; c.fill(); c.globalAlpha = 1;
  }
}
