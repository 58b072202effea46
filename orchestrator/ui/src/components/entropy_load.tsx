// SPDX-License-Identifier: Apache-2.0
// Entropy along an artefact, measured here from pieces of it.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import {
  entropy,
  joined,
  samples,
  type EntropyPoint,
} from '../logic/entropy.js';
import { RANGE_MAX, type ByteSource } from './bytes.js';

const POINTS = 256;
/** A file up to this size is measured completely, beyond it by samples. */
const WHOLE_MAX = 4 * 1024 * 1024;
/** One up to this size is measured without being asked to. */
export const AUTO_MAX = 1024 * 1024;
const SAMPLES = 64;
const SAMPLE = 4096;
const AT_ONCE = 2;

export interface EntropyLoad {
  points: EntropyPoint[];
  /** 0 to 1 */
  progress: number;
  isWhole: boolean;
  isRunning: boolean;
  error: unknown;
  start: () => void;
}

export function useEntropy(source: ByteSource): EntropyLoad {
  const { size } = source;
  const isWhole = size <= WHOLE_MAX;
  const [points, setPoints] = useState<EntropyPoint[]>([]);
  const [progress, setProgress] = useState(0);
  const [isRunning, setRunning] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const stop = useRef<AbortController | null>(null);

  const start = useCallback(() => {
    stop.current?.abort();
    const control = new AbortController();
    stop.current = control;
    const pieces = isWhole
      ? samples(size, POINTS, Math.ceil(WHOLE_MAX / POINTS))
      : samples(size, SAMPLES, SAMPLE);
    const requests = joined(pieces, RANGE_MAX);
    const found: EntropyPoint[] = [];
    let next = 0;
    let done = 0;
    const worker = async () => {
      for (let i = next++; i < requests.length; i = next++) {
        const r = requests[i]!;
        const bytes = await source.fetch(r.offset, r.length, control.signal);
        for (const p of pieces)
          if (
            p.offset >= r.offset &&
            p.offset + p.length <= r.offset + r.length
          )
            found.push({
              ...p,
              bits: entropy(
                bytes.subarray(
                  p.offset - r.offset,
                  p.offset - r.offset + p.length,
                ),
              ),
            });
        done++;
        setProgress(done / requests.length);
      }
    };
    setRunning(true);
    setError(undefined);
    Promise.all(Array.from({ length: AT_ONCE }, worker)).then(
      () => {
        if (control.signal.aborted) return;
        setPoints(found.sort((a, b) => a.offset - b.offset));
        setRunning(false);
      },
      (e: unknown) => {
        if (control.signal.aborted) return;
        control.abort();
        setError(e);
        setRunning(false);
      },
    );
  }, [source]);

  useEffect(() => {
    setPoints([]);
    setProgress(0);
    if (size > 0 && size <= AUTO_MAX) start();
    return () => stop.current?.abort();
  }, [source]);
  return { points, progress, isWhole, isRunning, error, start };
}
