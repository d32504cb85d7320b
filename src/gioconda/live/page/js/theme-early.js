// Before the first paint, so that a chosen theme does not flash. Not a module: modules wait.
try {
  const theme = localStorage.getItem('gioconda.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Without storage the system's own choice holds.
}
