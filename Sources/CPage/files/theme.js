// SPDX-License-Identifier: Apache-2.0
'use strict';
// The theme a person chose, set before anything is drawn, so that nothing flashes. Without a choice the system's holds.
(() => {
  const root = document.documentElement;
  const order = ['system', 'light', 'dark'];
  let theme = 'system';
  try { theme = localStorage.getItem('theme') ?? theme; } catch { /* storage is switched off: nothing is remembered */ }
  const apply = (button) => {
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
    else delete root.dataset.theme;
    if (!button) return;
    button.textContent = { system: '◐', light: '☀', dark: '☾' }[theme] ?? '◐';
    button.setAttribute('aria-label', `Theme: ${theme}`);
    button.title = `Theme: ${theme}`;
  };
  apply();
  addEventListener('DOMContentLoaded', () => {
    const button = document.getElementById('theme');
    apply(button);
    button.addEventListener('click', () => {
      theme = order[(order.indexOf(theme) + 1) % order.length];
      try { localStorage.setItem('theme', theme); } catch { /* as above */ }
      apply(button);
    });
  });
})();
