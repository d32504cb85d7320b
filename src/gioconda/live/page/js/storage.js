/** Choices that are kept in the browser; where it keeps nothing, they last as long as the page. */

const PREFIX = 'gioconda.';

export function stored(name) {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function store(name, value) {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    // Private windows refuse; the choice then lasts as long as the page.
  }
}
