// Before the first paint, so that a theme does not flash. Not a module: modules wait.
document.documentElement.dataset.theme = (() => {
  try {
    const theme = localStorage.getItem('gioconda.theme');
    if (theme === 'light' || theme === 'dark') return theme;
  } catch {
    // Without storage the system's own choice holds.
  }
  return matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
})();
