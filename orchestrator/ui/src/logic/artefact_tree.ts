// SPDX-License-Identifier: Apache-2.0
/* artefact_tree.ts - the artefacts of a case as a tree and as areas. */

export interface TreeNode {
  id: string;
  parent: string | null;
  size: number;
  score: number;
  /** How many it has below, also those that are not loaded. */
  children: number;
}

export interface TreeRow<T extends TreeNode> {
  node: T;
  depth: number;
  /** Has something below, loaded or not. */
  isParent: boolean;
  isOpen: boolean;
  /** Place among its brothers, from 1, and their count. */
  place: number;
  brothers: number;
}

/** Nodes by their parent; those whose parent is unknown are at the top (""). */
export function byParent<T extends TreeNode>(
  nodes: Iterable<T>,
): Map<string, T[]> {
  const all = [...nodes];
  const ids = new Set(all.map((n) => n.id));
  const map = new Map<string, T[]>();
  for (const n of all) {
    const parent =
      n.parent !== null && n.parent !== n.id && ids.has(n.parent)
        ? n.parent
        : '';
    const list = map.get(parent);
    if (list) list.push(n);
    else map.set(parent, [n]);
  }
  return map;
}

/** The rows that are to be seen: what is below open nodes. */
export function treeRows<T extends TreeNode>(
  children: ReadonlyMap<string, readonly T[]>,
  open: ReadonlySet<string>,
): TreeRow<T>[] {
  const rows: TreeRow<T>[] = [];
  const seen = new Set<string>();
  const stack: { node: T; depth: number; place: number; brothers: number }[] =
    [];
  const push = (list: readonly T[], depth: number) => {
    for (let i = list.length - 1; i >= 0; i--)
      stack.push({
        node: list[i]!,
        depth,
        place: i + 1,
        brothers: list.length,
      });
  };
  push(children.get('') ?? [], 0);
  for (let at = stack.pop(); at; at = stack.pop()) {
    if (seen.has(at.node.id)) continue;
    seen.add(at.node.id);
    const below = children.get(at.node.id) ?? [];
    const isOpen = open.has(at.node.id);
    rows.push({
      ...at,
      isParent: below.length > 0 || at.node.children > 0,
      isOpen,
    });
    if (isOpen) push(below, at.depth + 1);
  }
  return rows;
}

export interface Area<T> {
  node: T;
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * Areas in a rectangle, in proportion to a weight, as near to squares as they
 * can be (Bruls, Huizing, van Wijk: "Squarified Treemaps", 2000).
 */
export function squarified<T>(
  nodes: readonly T[],
  weight: (node: T) => number,
  width: number,
  height: number,
): Area<T>[] {
  const items = nodes
    .map((node) => ({ node, weight: Math.max(weight(node), 0) }))
    .filter((i) => i.weight > 0)
    .sort((a, b) => b.weight - a.weight);
  const total = items.reduce((sum, i) => sum + i.weight, 0);
  const out: Area<T>[] = [];
  if (total <= 0 || width <= 0 || height <= 0) return out;
  const unit = (width * height) / total;
  let x = 0;
  let y = 0;
  let w = width;
  let h = height;
  let from = 0;
  const worst = (sum: number, min: number, max: number, side: number) =>
    Math.max(
      (side * side * max) / (sum * sum),
      (sum * sum) / (side * side * min),
    );
  while (from < items.length) {
    const side = Math.min(w, h);
    let end = from;
    let sum = 0;
    let best = Number.POSITIVE_INFINITY;
    const max = items[from]!.weight * unit;
    while (end < items.length) {
      const area = items[end]!.weight * unit;
      const next = worst(sum + area, area, max, side);
      if (next > best) break;
      best = next;
      sum += area;
      end++;
    }
    const thick = Math.min(side > 0 ? sum / side : 0, Math.max(w, h));
    let along = 0;
    for (let i = from; i < end; i++) {
      const length = thick > 0 ? (items[i]!.weight * unit) / thick : 0;
      out.push(
        w <= h
          ? {
              node: items[i]!.node,
              x: x + along,
              y,
              width: length,
              height: thick,
            }
          : {
              node: items[i]!.node,
              x,
              y: y + along,
              width: thick,
              height: length,
            },
      );
      along += length;
    }
    if (w <= h) {
      y += thick;
      h -= thick;
    } else {
      x += thick;
      w -= thick;
    }
    from = end;
  }
  return out;
}
