// SPDX-License-Identifier: Apache-2.0
// Short words about what was done: "Saved."  They are read out, and go away.
import { useEffect, useState } from 'preact/hooks';

interface Toast {
  id: number;
  text: string;
}

let last = 0;
let show: ((toast: Toast) => void) | null = null;

export function toast(text: string): void {
  show?.({ id: ++last, text });
}

export function Toasts() {
  const [current, setCurrent] = useState<Toast | null>(null);

  useEffect(() => {
    show = setCurrent;
    return () => {
      show = null;
    };
  }, []);
  useEffect(() => {
    if (!current) return undefined;
    const timer = window.setTimeout(() => setCurrent(null), 5000);
    return () => window.clearTimeout(timer);
  }, [current]);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {current && <p key={current.id}>{current.text}</p>}
    </div>
  );
}
