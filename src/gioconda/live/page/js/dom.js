/** Short forms for the document. */

/** The element of an id. */
export const $ = (id) => document.getElementById(id);

const SVG = 'http://www.w3.org/2000/svg';

/** Make an element with properties, attributes in `attrs`, and children. */
export function make(tag, { attrs = {}, dataset = {}, ...properties } = {}, ...children) {
  const element = document.createElement(tag);
  Object.assign(element, properties);
  Object.assign(element.dataset, dataset);
  for (const [name, value] of Object.entries(attrs)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Make an element of a drawing. */
export function draw(tag, attrs = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attrs)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** An icon of the sprite. */
export function icon(name) {
  const href = new URL(`../icons.svg#${name}`, import.meta.url).href;
  return draw('svg', { 'aria-hidden': 'true' }, draw('use', { href }));
}

/** Show another icon in a button. */
export function setIcon(button, name) {
  button.querySelector('svg').replaceWith(icon(name));
}

/** Call at most every `ms`, the last call always. */
export function throttled(ms, call) {
  let timer = 0;
  let last = -Infinity;
  return (...args) => {
    clearTimeout(timer);
    const wait = last + ms - performance.now();
    const run = () => {
      last = performance.now();
      call(...args);
    };
    if (wait <= 0) run();
    else timer = setTimeout(run, wait);
  };
}

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
