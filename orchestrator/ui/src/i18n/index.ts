// SPDX-License-Identifier: Apache-2.0
// Languages.  English is the pattern: a key that another language lacks, or
// has too many of, is a compile error there.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { en } from './en/index.js';

export type Dictionary = typeof en;

export const languages = {
  nl: 'Nederlands',
  fr: 'Français',
  de: 'Deutsch',
  en: 'English',
} as const;

export type Language = keyof typeof languages;

export function isLanguage(text: unknown): text is Language {
  return typeof text === 'string' && Object.hasOwn(languages, text);
}

/** The best of what the browser's user reads. */
export function pickLanguage(
  stored: string | null,
  wanted: readonly string[],
): Language {
  if (isLanguage(stored)) return stored;
  for (const tag of wanted) {
    const short = tag.slice(0, 2).toLowerCase();
    if (isLanguage(short)) return short;
  }
  return 'en';
}

export async function loadDictionary(language: Language): Promise<Dictionary> {
  switch (language) {
    case 'nl':
      return (await import('./nl/index.js')).nl;
    case 'fr':
      return (await import('./fr/index.js')).fr;
    case 'de':
      return (await import('./de/index.js')).de;
    default:
      return (await import('./en/index.js')).en;
  }
}

const locales: Record<Language, string> = {
  nl: 'nl-BE',
  fr: 'fr-BE',
  de: 'de-BE',
  en: 'en-GB',
};

export interface Words {
  language: Language;
  locale: string;
  t: Dictionary;
  setLanguage: (language: Language) => void;
}

export function localeOf(language: Language): string {
  return locales[language];
}

export const WordsContext = createContext<Words | null>(null);

export function useWords(): Words {
  const words = useContext(WordsContext);

  if (!words) throw new Error('no language was set');
  return words;
}

/** The texts in the language of the user: const t = useT(); t.common.save */
export function useT(): Dictionary {
  return useWords().t;
}

/** A word for a value that the server names; the value where we know none. */
export function wordFor(table: Record<string, string>, value: string): string {
  return Object.hasOwn(table, value) ? table[value]! : value;
}
