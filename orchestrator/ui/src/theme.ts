// SPDX-License-Identifier: Apache-2.0
// Light, dark, or as the system has it; the choice stays in this browser.
import { useEffect, useState } from 'preact/hooks';
import { remember, recall } from './lib/storage.js';

export type Theme = 'system' | 'light' | 'dark';

const dark = () => window.matchMedia('(prefers-color-scheme: dark)');

export function storedTheme(): Theme {
  const text = recall('theme');
  return text === 'light' || text === 'dark' ? text : 'system';
}

export function applyTheme(theme: Theme): void {
  const isDark = theme === 'dark' || (theme === 'system' && dark().matches);

  document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light';
}

export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(storedTheme);

  useEffect(() => {
    const query = dark();
    const update = () => applyTheme(theme);

    update();
    query.addEventListener('change', update);
    return () => query.removeEventListener('change', update);
  }, [theme]);
  return [
    theme,
    (next) => {
      remember('theme', next === 'system' ? null : next);
      setTheme(next);
    },
  ];
}
