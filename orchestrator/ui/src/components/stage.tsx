// SPDX-License-Identifier: Apache-2.0
// How far a case is, in plain words.
import type { Case, Stage } from '../api/types.js';
import { useT, wordFor } from '../i18n/index.js';
import { Badge, type Tone } from './basic.js';

const tones: Record<Stage, Tone> = {
  received: 'info',
  checking: 'info',
  waiting: 'warn',
  analysing: 'info',
  in_review: 'info',
  reported: 'good',
  closed: 'neutral',
  declined: 'bad',
  withdrawn: 'neutral',
  deleted: 'neutral',
};

/** The way that a case goes when nothing happens to it. */
export const steps: Stage[] = [
  'received',
  'checking',
  'waiting',
  'analysing',
  'in_review',
  'reported',
];

/** The stage, or what a server that names none would say. */
export function stageOf(c: Case): Stage {
  // What machines have done, waits for people.
  if (c.stage === 'checking' && c.artefacts > 0 && c.jobs_open === 0)
    return 'waiting';
  if (c.stage) return c.stage;
  if (c.state === 'closed') return 'closed';
  if (c.artefacts === 0) return 'received';
  return c.jobs_open > 0 ? 'checking' : 'waiting';
}

export function StageBadge(props: { stage: Stage }) {
  const t = useT();
  return (
    <Badge tone={tones[props.stage] ?? 'neutral'}>
      {wordFor(t.stages, props.stage)}
    </Badge>
  );
}

/** Where on its way a case is. */
export function StageSteps(props: { stage: Stage }) {
  const t = useT();
  const at =
    props.stage === 'closed' ? steps.length : steps.indexOf(props.stage);

  if (at === -1)
    return (
      <p>
        <StageBadge stage={props.stage} />
      </p>
    );
  return (
    <ol class="steps">
      {steps.map((step, i) => (
        <li
          key={step}
          class={i < at ? 'is-past' : i === at ? 'is-now' : 'is-ahead'}
          aria-current={i === at ? 'step' : undefined}
        >
          <span class="step-mark" aria-hidden="true">
            {i < at ? '✓' : i + 1}
          </span>
          {t.stages[step]}
        </li>
      ))}
    </ol>
  );
}
