/** The ways to talk, as tabs: arrow keys move between them. */

import { $ } from '../dom.js';

/** @returns {{select: (name: string) => void, onchange: (callback: Function) => void}} */
export function setUpTabs() {
  const tabs = [...document.querySelectorAll('[role="tab"]')];
  const listeners = [];

  function select(name, { focus = false } = {}) {
    for (const tab of tabs) {
      const on = tab.id === `tab-${name}`;
      tab.setAttribute('aria-selected', String(on));
      tab.tabIndex = on ? 0 : -1;
      $(tab.getAttribute('aria-controls')).hidden = !on;
      if (on && focus) tab.focus();
    }
    for (const call of listeners) call(name);
  }

  const nameOf = (tab) => tab.id.slice('tab-'.length);
  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener('click', () => select(nameOf(tab)));
    tab.addEventListener('keydown', (event) => {
      const steps = { ArrowRight: 1, ArrowLeft: -1, Home: -index, End: tabs.length - 1 - index };
      if (!(event.key in steps)) return;
      event.preventDefault();
      const next = tabs[(index + steps[event.key] + tabs.length) % tabs.length];
      select(nameOf(next), { focus: true });
    });
  }
  return { select, onchange: (call) => listeners.push(call) };
}
