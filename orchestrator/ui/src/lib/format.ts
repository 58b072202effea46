// SPDX-License-Identifier: Apache-2.0
// Numbers, sizes, times as people read them.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function formatBytes(bytes: number, locale: string): string {
  let value = bytes;
  let unit = 0;

  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toLocaleString(locale, { maximumFractionDigits: digits })} ${UNITS[unit]}`;
}

export function formatNumber(n: number, locale: string): string {
  return n.toLocaleString(locale);
}

export function formatTime(text: string, locale: string): string {
  const at = new Date(text);

  if (Number.isNaN(at.getTime())) return text;
  return at.toLocaleString(locale, {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
}

export function formatDate(text: string, locale: string): string {
  const at = new Date(text);

  if (Number.isNaN(at.getTime())) return text;
  return at.toLocaleDateString(locale, { dateStyle: 'medium' });
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
];

/** "3 hours ago", "in 2 days"; now = milliseconds since 1970. */
export function formatRelative(
  text: string,
  locale: string,
  now: number,
): string {
  const seconds = (new Date(text).getTime() - now) / 1000;

  if (Number.isNaN(seconds)) return text;
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size)
      return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(Math.trunc(seconds), 'second');
}

/** "1 min 20 s" for what is left. */
export function formatSeconds(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));

  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** How long something took, in the two units that say enough of it. */
export function formatSpan(seconds: number, locale: string): string {
  const units = [
    ['day', 86400],
    ['hour', 3600],
    ['minute', 60],
    ['second', 1],
  ] as const;
  const at = units.findIndex(([, size]) => seconds >= size);
  const parts: string[] = [];
  let rest = Math.round(seconds);

  for (const [unit, size] of units.slice(at === -1 ? 3 : at).slice(0, 2)) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n > 0 || parts.length === 0)
      parts.push(
        n.toLocaleString(locale, {
          style: 'unit',
          unit,
          unitDisplay: 'short',
        }),
      );
  }
  return parts.join(' ');
}

/**
 * A name that somebody else chose, for one line: control characters and those
 * that turn the direction of text show as what they are.
 */
export function visibleName(name: string): string {
  return name.replace(
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A time of the API for a field of the type datetime-local, in the user's
 *  time zone; '' where there is none. */
export function toLocalField(text: string | null | undefined): string {
  const at = new Date(text ?? '');

  if (!text || Number.isNaN(at.getTime())) return '';
  const pad = (n: number) => String(n).padStart(2, '0');
  return (
    `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}` +
    `T${pad(at.getHours())}:${pad(at.getMinutes())}`
  );
}

/** And back: a time of the API, or '' where the field is empty. */
export function fromLocalField(value: string): string {
  const at = new Date(value);

  return Number.isNaN(at.getTime())
    ? ''
    : at.toISOString().replace(/\.\d+Z$/, 'Z');
}
