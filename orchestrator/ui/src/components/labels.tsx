// SPDX-License-Identifier: Apache-2.0
// Choosing labels.  What they mean is told in the user's language; the labels
// themselves never change.
import type { Pap, Tlp } from '../api/types.js';
import { useT } from '../i18n/index.js';
import { SelectField, TextField } from './form.js';

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

export interface LabelValues {
  tlp: Tlp;
  pap: Pap;
  /** who else it is for, or not for; '' = nobody is named */
  restriction: string;
}

/** Would more people see it, or more be done with it, than before? */
export function isLowered(before: LabelValues, after: LabelValues): boolean {
  return (
    TLP.indexOf(after.tlp) > TLP.indexOf(before.tlp) ||
    PAP.indexOf(after.pap) > PAP.indexOf(before.pap)
  );
}

export function isSameLabels(a: LabelValues, b: LabelValues): boolean {
  return a.tlp === b.tlp && a.pap === b.pap && a.restriction === b.restriction;
}

/** All three, as fields of a form. */
export function LabelFields(props: {
  value: LabelValues;
  onChange: (value: LabelValues) => void;
}) {
  const t = useT();
  const { value, onChange } = props;

  return (
    <>
      <TlpField
        value={value.tlp}
        onChange={(tlp) => onChange({ ...value, tlp })}
      />
      <PapField
        value={value.pap}
        onChange={(pap) => onChange({ ...value, pap })}
      />
      <TextField
        label={t.staff.case.restriction}
        value={value.restriction}
        onChange={(restriction) => onChange({ ...value, restriction })}
        optional={t.common.optional}
      />
    </>
  );
}
