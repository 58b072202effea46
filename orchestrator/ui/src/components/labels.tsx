// SPDX-License-Identifier: Apache-2.0
// Choosing labels.  What they mean is told in the user's language; the labels
// themselves never change.
import type { Pap, Tlp } from '../api/types.js';
import { useT } from '../i18n/index.js';
import { SelectField } from './form.js';

export const TLP: readonly Tlp[] = [
  'TLP:RED',
  'TLP:AMBER+STRICT',
  'TLP:AMBER',
  'TLP:GREEN',
  'TLP:CLEAR',
];
export const PAP: readonly Pap[] = [
  'PAP:RED',
  'PAP:AMBER',
  'PAP:GREEN',
  'PAP:CLEAR',
];

export function TlpField(props: {
  value: Tlp;
  onChange: (value: Tlp) => void;
  label?: string;
}) {
  const t = useT();
  return (
    <SelectField
      label={props.label ?? t.labels.tlp}
      hint={t.labels.tlpMeaning[props.value] ?? ''}
      value={props.value}
      options={TLP.map((l) => [l, l] as const)}
      onChange={props.onChange}
    />
  );
}

export function PapField(props: {
  value: Pap;
  onChange: (value: Pap) => void;
  label?: string;
}) {
  const t = useT();
  return (
    <SelectField
      label={props.label ?? t.labels.pap}
      hint={t.labels.papMeaning[props.value] ?? ''}
      value={props.value}
      options={PAP.map((l) => [l, l] as const)}
      onChange={props.onChange}
    />
  );
}
