// SPDX-License-Identifier: Apache-2.0
/* process_tree.ts - the processes of a run as rows of a tree. */

/** What the analyser `behaviour` says of a process. */
export interface ProcessFact {
  id: string;
  parent: string;
  pid: number;
  image: string;
  command_line: string;
  directory?: string;
  uid?: number;
  start_ms: number;
  end_ms: number | null;
  exit_status?: string;
  is_injected?: boolean;
}

export interface ProcessRow {
  process: ProcessFact;
  depth: number;
  children: number;
  /** For each level above: whether a line goes on below. */
  lines: boolean[];
  isLast: boolean;
}

/** Deeper rows are drawn at this depth: a chain of forks is no staircase. */
export const DEPTH_SHOWN_MAX = 40;

function number(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A finding's detail as a process, or null where it is none. */
export function processOf(value: unknown): ProcessFact | null {
  if (typeof value !== 'object' || value === null) return null;
  const v = value as Record<string, unknown>;
  if (typeof v.id !== 'string' || v.id === '') return null;
  return {
    id: v.id,
    parent: text(v.parent),
    pid: number(v.pid),
    image: text(v.image),
    command_line: text(v.command_line),
    directory: text(v.directory),
    uid: number(v.uid),
    start_ms: number(v.start_ms),
    end_ms: typeof v.end_ms === 'number' ? v.end_ms : null,
    exit_status: text(v.exit_status),
    is_injected: v.is_injected === true,
  };
}

/**
 * The rows in the order of a walk, children by their start. Every process is
 * there once: one whose parent is unknown, or that is its own ancestor (the
 * guest may lie), is a root.
 */
export function processRows(processes: readonly ProcessFact[]): ProcessRow[] {
  const byId = new Map<string, ProcessFact>();
  for (const p of processes) if (!byId.has(p.id)) byId.set(p.id, p);
  const children = new Map<string, ProcessFact[]>();
  const roots: ProcessFact[] = [];
  for (const p of byId.values()) {
    if (p.parent === '' || p.parent === p.id || !byId.has(p.parent)) {
      roots.push(p);
      continue;
    }
    const list = children.get(p.parent);
    if (list) list.push(p);
    else children.set(p.parent, [p]);
  }
  const order = (a: ProcessFact, b: ProcessFact) =>
    a.start_ms - b.start_ms || a.pid - b.pid;
  for (const list of children.values()) list.sort(order);
  roots.sort(order);

  const rows: ProcessRow[] = [];
  const seen = new Set<string>();
  const walk = (starts: ProcessFact[]) => {
    interface Step {
      process: ProcessFact;
      depth: number;
      lines: boolean[];
      isLast: boolean;
    }
    const stack: Step[] = [];
    const push = (list: ProcessFact[], depth: number, lines: boolean[]) => {
      for (let i = list.length - 1; i >= 0; i--)
        stack.push({
          process: list[i]!,
          depth,
          lines,
          isLast: i === list.length - 1,
        });
    };
    push(starts, 0, []);
    for (let step = stack.pop(); step; step = stack.pop()) {
      if (seen.has(step.process.id)) continue;
      seen.add(step.process.id);
      const below = children.get(step.process.id) ?? [];
      rows.push({ ...step, children: below.length });
      const depth = Math.min(step.depth + 1, DEPTH_SHOWN_MAX);
      const lines =
        depth === step.depth
          ? step.lines
          : step.depth === 0
            ? []
            : [...step.lines, !step.isLast];
      push(below, depth, lines);
    }
  };
  walk(roots);
  /* What is left are rings: each is opened at its oldest member. */
  for (const p of [...byId.values()].sort(order))
    if (!seen.has(p.id)) walk([p]);
  return rows;
}
