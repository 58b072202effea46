// SPDX-License-Identifier: Apache-2.0
/*
 * compare.ts - what two runs have in common and what only one of them did.
 *
 * Runs are compared as sets: a process by its image and arguments, a file by
 * its path, a name by itself. Process ids, times and the random parts of
 * temporary names differ in every run and say nothing.
 */

export interface Entry {
  /** What makes two of them the same. */
  key: string;
  /** What people read. */
  text: string;
  /** More about it: actions on a file, technique of a conclusion. */
  note: string;
}

export interface Difference {
  onlyA: Entry[];
  onlyB: Entry[];
  both: Entry[];
  /** In both, but with another note. */
  changed: { a: Entry; b: Entry }[];
}

export interface RunFacts {
  processes: Entry[];
  files: Entry[];
  network: Entry[];
  findings: Entry[];
}

export interface FindingLike {
  type: string;
  name: string;
  score?: number;
  detail: unknown;
}

/** Ends that are made up anew each time: of mkstemp(3), process ids in /proc. */
export function stablePath(path: string): string {
  return path
    .replace(/^\/proc\/\d+\//, '/proc/PID/')
    .replace(
      /(\/[^/\s]*[._-])([A-Za-z0-9]{6,12})(?=$|[/.\s])/g,
      (whole, head: string, tail: string) =>
        isMadeUp(tail) && isTemporary(head) ? `${head}*` : whole,
    );
}

/** Digits among letters, or capitals where nobody writes them. */
function isMadeUp(text: string): boolean {
  return (
    /[0-9][A-Za-z]|[A-Za-z][0-9]/.test(text) ||
    /[a-z][A-Z].*[a-z]|[A-Z][a-z].*[A-Z]/.test(text)
  );
}

function isTemporary(head: string): boolean {
  return /\/(\.?tmp|temp|systemd-private|[^/]*tmp)[^/]*$/i.test(head);
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function text(value: unknown): string {
  return typeof value === 'string'
    ? value
    : typeof value === 'number'
      ? String(value)
      : '';
}

/** The findings of a run's trace, sorted into what is compared. */
export function runFacts(findings: readonly FindingLike[]): RunFacts {
  const facts: RunFacts = {
    processes: [],
    files: [],
    network: [],
    findings: [],
  };
  for (const f of findings) {
    const v = record(record(f.detail).value ?? f.detail);
    if (f.type !== 'fact') {
      if (f.type === 'finding' || f.type === 'match')
        facts.findings.push({
          key: `${f.type} ${f.name}`,
          text: f.name,
          note: text(record(f.detail).title),
        });
      continue;
    }
    switch (f.name) {
      case 'process': {
        const line = text(v.command_line) || text(v.image);
        facts.processes.push({
          key: `${text(v.image)} ${stablePath(line)}`,
          text: line,
          note: text(v.exit_status),
        });
        break;
      }
      case 'file':
        facts.files.push({
          key: stablePath(text(v.path)),
          text: text(v.path),
          note: text(v.action),
        });
        break;
      case 'dns':
        facts.network.push({
          key: `dns ${text(v.name).toLowerCase()}`,
          text: text(v.name),
          note: 'DNS',
        });
        break;
      case 'connection': {
        const address = text(v.address);
        const host = address.includes(':') ? `[${address}]` : address;
        const end = `${text(v.protocol)} ${host}:${text(v.port)}`;
        facts.network.push({ key: end, text: end, note: '' });
        break;
      }
      default:
    }
  }
  return facts;
}

/** Set difference; of equal keys the first one stands for all. */
export function difference(
  a: readonly Entry[],
  b: readonly Entry[],
): Difference {
  const index = (list: readonly Entry[]) => {
    const map = new Map<string, Entry>();
    for (const e of list) if (!map.has(e.key)) map.set(e.key, e);
    return map;
  };
  const inA = index(a);
  const inB = index(b);
  const out: Difference = { onlyA: [], onlyB: [], both: [], changed: [] };
  for (const [key, e] of inA) {
    const other = inB.get(key);
    if (!other) out.onlyA.push(e);
    else if (other.note !== e.note) out.changed.push({ a: e, b: other });
    else out.both.push(e);
  }
  for (const [key, e] of inB) if (!inA.has(key)) out.onlyB.push(e);
  return out;
}

export interface Change {
  path: string;
  before: string | null;
  after: string | null;
}

const CHANGES_MAX = 2000;
const DEPTH_MAX = 32;

/** Every leaf of a JSON value by its path: a.b[3].c. */
function leaves(value: unknown): Map<string, string> {
  const map = new Map<string, string>();
  const stack: { path: string; value: unknown; depth: number }[] = [
    { path: '', value, depth: 0 },
  ];
  for (let at = stack.pop(); at; at = stack.pop()) {
    const v = at.value;
    if (typeof v === 'object' && v !== null && at.depth < DEPTH_MAX) {
      const members = Object.entries(v);
      if (members.length === 0)
        map.set(at.path, Array.isArray(v) ? '[]' : '{}');
      for (const [name, below] of members)
        stack.push({
          path: Array.isArray(v)
            ? `${at.path}[${name}]`
            : at.path === ''
              ? name
              : `${at.path}.${name}`,
          value: below,
          depth: at.depth + 1,
        });
    } else {
      map.set(at.path, typeof v === 'string' ? v : JSON.stringify(v ?? null));
    }
  }
  return map;
}

/** What differs between two JSON values (environments, policies), by path. */
export function jsonChanges(before: unknown, after: unknown): Change[] {
  const a = leaves(before);
  const b = leaves(after);
  const paths = [...new Set([...a.keys(), ...b.keys()])].sort();
  const out: Change[] = [];
  for (const path of paths) {
    const x = a.get(path) ?? null;
    const y = b.get(path) ?? null;
    if (x !== y && out.length < CHANGES_MAX)
      out.push({ path, before: x, after: y });
  }
  return out;
}
