/** Dark, light, or as the system says. */

import { $, setIcon } from './dom.js';
import { setWords } from './i18n.js';
import { store, stored } from './storage.js';

const ORDER = ['auto', 'light', 'dark'];
const system = matchMedia('(prefers-color-scheme: light)');

export function setUpTheme() {
  const button = $('theme');
  let theme = ORDER.includes(stored('theme')) ? stored('theme') : 'auto';
  const apply = () => {
    const systems = system.matches ? 'light' : 'dark';
    document.documentElement.dataset.theme = theme === 'auto' ? systems : theme;
    setIcon(button, `theme-${theme}`);
    setWords(button, `theme.${theme}`, 'i18nLabel');
    setWords(button, `theme.${theme}`, 'i18nTitle');
  };
  button.addEventListener('click', () => {
    theme = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
    store('theme', theme === 'auto' ? null : theme);
    apply();
  });
  system.addEventListener('change', apply);
  apply();
}
