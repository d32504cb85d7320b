/** The motion scrolling by: jaw, lips, head, blinks, brows, of the last seconds. */

import { $ } from './dom.js';

const SPAN_S = 8;
const DRAW_EVERY_MS = 33;
const DRAW_CALMLY_MS = 500;
const COLOURS_EVERY_MS = 500;

/** The mean of those channels that the server sends. */
const mean = (...names) => (row) => {
  const values = names.map(row).filter((value) => value !== undefined);
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
};
const one = (name, scale = 1) => (row) => (row(name) ?? 0) / scale;

/** Lanes from top to bottom: curves, each 0 to 1 over the lane's height, or -1 to 1 if signed. */
const LANES = [
  { colour: '--plot-1', curves: [one('jawOpen', 0.7)] },
  {
    colour: '--plot-2',
    curves: [
      (row) => Math.max(row('mouthPucker') ?? 0, row('mouthFunnel') ?? 0),
      mean('mouthStretchLeft', 'mouthStretchRight', 'mouthSmileLeft', 'mouthSmileRight'),
    ],
  },
  {
    colour: '--plot-3',
    signed: true,
    curves: [one('headYaw', 12), one('headPitch', 12), one('headRoll', 12)],
  },
  { colour: '--plot-4', curves: [mean('eyeBlinkLeft', 'eyeBlinkRight')] },
  {
    colour: '--plot-5',
    signed: true,
    curves: [
      (row) => mean('browInnerUp')(row) - mean('browDownLeft', 'browDownRight')(row),
    ],
  },
];

export function setUpMotionPlot(app) {
  const canvas = $('plot');
  const context = canvas.getContext('2d');
  const calm = matchMedia('(prefers-reduced-motion: reduce)');
  let points = [];
  let colours = [];
  let lastDraw = 0;
  let coloursRead = -Infinity;
  let visible = true;

  const readColours = (now) => {
    coloursRead = now;
    const style = getComputedStyle(document.documentElement);
    colours = LANES.map(({ colour }) => style.getPropertyValue(colour).trim());
    colours.line = style.getPropertyValue('--line').trim();
  };

  app.on('motion', ({ time_s: times, channels, rows }) => {
    const index = new Map(channels.map((name, i) => [name, i]));
    for (const [i, timeS] of times.entries()) {
      const row = (name) => rows[i][index.get(name)];
      points.push({ timeS, values: LANES.map(({ curves }) => curves.map((curve) => curve(row))) });
    }
    const oldest = (points.at(-1)?.timeS ?? 0) - SPAN_S - 1;
    while (points.length && points[0].timeS < oldest) points.shift();
  });
  const forget = () => {
    points = [];
  };
  app.on('created', ({ resumed }) => resumed || forget());
  app.on('session.restarted', forget);

  function drawLanes(now, width, height) {
    const lane = height / LANES.length;
    LANES.forEach(({ signed, curves }, k) => {
      const base = signed ? (k + 0.5) * lane : (k + 1) * lane - 2;
      const reach = (signed ? 0.5 : 1) * lane - 3;
      context.strokeStyle = colours.line;
      context.lineWidth = 1;
      context.globalAlpha = 1;
      context.beginPath();
      context.moveTo(0, Math.round(base) + 0.5);
      context.lineTo(width, Math.round(base) + 0.5);
      context.stroke();
      context.strokeStyle = colours[k];
      context.lineWidth = 1.6;
      for (let c = 0; c < curves.length; c++) {
        context.globalAlpha = [1, 0.62, 0.38][c];
        context.beginPath();
        for (const { timeS, values } of points) {
          const x = width * (1 - (now - timeS) / SPAN_S);
          const value = Math.min(1, Math.max(signed ? -1 : 0, values[k][c]));
          context.lineTo(x, base - reach * value);
        }
        context.stroke();
      }
    });
    context.globalAlpha = 1;
  }

  function tick(now) {
    requestAnimationFrame(tick);
    if (!visible || now - lastDraw < (calm.matches ? DRAW_CALMLY_MS : DRAW_EVERY_MS)) return;
    lastDraw = now;
    if (now - coloursRead > COLOURS_EVERY_MS) readColours(now);
    const ratio = Math.min(2, devicePixelRatio);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const newest = points.at(-1)?.timeS ?? 0;
    const heard = app.media.sound.heard(now);
    // A little behind what is heard, since motion comes ten times a second.
    const right = heard === null ? newest : Math.min(newest, heard - 0.05);
    drawLanes(right, width, height);
  }

  new IntersectionObserver(([entry]) => {
    visible = entry.isIntersecting;
  }).observe(canvas);
  requestAnimationFrame(tick);
}
