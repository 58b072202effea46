// SPDX-License-Identifier: Apache-2.0
// What NIS2 and the charter want to know of an incident: the same fields for
// those who hand in and for those who work on it.
import { useT } from '../i18n/index.js';
import { fromLocalField, toLocalField } from '../lib/format.js';
import { SelectField, TextField } from './form.js';

/** Names as the API has them; '' = not said. */
export const INCIDENT_FIELDS = [
  'notification_kind',
  'aware_at',
  'suspected_malicious',
  'cross_border',
  'scope_basis',
  'scope_value',
] as const;
export type IncidentField = (typeof INCIDENT_FIELDS)[number];
/** Yes, no, or nobody knows. */
export const THREE_WAY: readonly string[] = [
  'suspected_malicious',
  'cross_border',
];

export function wordOf(value: boolean | null | undefined): string {
  return value === true ? 'yes' : value === false ? 'no' : 'unknown';
}

/** What the API takes for what a field holds. */
export function incidentValue(
  name: string,
  value: string,
): string | boolean | undefined {
  if (!THREE_WAY.includes(name)) return value;
  return value === 'yes' ? true : value === 'no' ? false : undefined;
}

export function IncidentFields(props: {
  value: (name: IncidentField) => string;
  set: (name: IncidentField) => (value: string) => void;
  /** what is known once does not become unknown again */
  isKnown?: (name: IncidentField) => boolean;
}) {
  const t = useT();
  const c = t.staff.case;
  const words = t.staff.words;
  const { value, set } = props;
  const choice = (
    name: IncidentField,
    label: string,
    table: Record<string, string>,
  ) => (
    <SelectField
      label={label}
      value={value(name)}
      onChange={set(name)}
      options={[
        ...(value(name) in table ? [] : [[value(name), '–'] as const]),
        ...Object.entries(table).filter(
          ([key]) => key !== 'unknown' || !props.isKnown?.(name),
        ),
      ]}
    />
  );

  return (
    <>
      {choice('notification_kind', c.notification, words.notifications)}
      <TextField
        label={c.awareAt}
        hint={c.awareHint}
        type="datetime-local"
        value={toLocalField(value('aware_at'))}
        onChange={(v) => set('aware_at')(fromLocalField(v))}
      />
      {choice('suspected_malicious', c.malicious, words.yesNo)}
      {choice('cross_border', c.crossBorder, words.yesNo)}
      {choice('scope_basis', c.scope, words.scopes)}
      {value('scope_basis') !== '' && (
        <TextField
          label={c.scopeValue}
          hint={value('scope_basis') === 'be_domain' ? c.scopeHint : undefined}
          value={value('scope_value')}
          onChange={set('scope_value')}
          maxLength={250}
          spellcheck={false}
          {...(value('scope_basis') === 'be_domain'
            ? { pattern: '.+\\.[bB][eE]', required: true }
            : {})}
        />
      )}
    </>
  );
}
