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

/** What a tab keeps until it is closed, so that it can be loaded again. */
export function keptForThisTab(name) {
  try {
    return sessionStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function keepForThisTab(name, value) {
  try {
    if (value === null) sessionStorage.removeItem(PREFIX + name);
    else sessionStorage.setItem(PREFIX + name, value);
  } catch {
    // As above.
  }
}
