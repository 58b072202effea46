// SPDX-License-Identifier: Apache-2.0
// Fields of forms: each with a label, a hint and a complaint that belong to
// it for everybody, also those who do not see the page.
import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  error?: string | undefined;
  optional?: string;
}

function Field(
  props: FieldProps & {
    id: string;
    children: ComponentChildren;
  },
) {
  return (
    <div class={`field${props.error ? ' has-error' : ''}`}>
      <label for={props.id}>
        {props.label}
        {props.optional && <span class="optional"> {props.optional}</span>}
      </label>
      {props.children}
      {props.hint && (
        <p class="hint" id={`${props.id}-hint`}>
          {props.hint}
        </p>
      )}
      {props.error && (
        <p class="error" id={`${props.id}-error`}>
          {props.error}
        </p>
      )}
    </div>
  );
}

function describedBy(id: string, props: FieldProps): string | undefined {
  const ids = [
    props.hint ? `${id}-hint` : '',
    props.error ? `${id}-error` : '',
  ].filter(Boolean);
  return ids.length === 0 ? undefined : ids.join(' ');
}

type InputAttributes = Pick<
  JSX.InputHTMLAttributes<HTMLInputElement>,
  | 'type'
  | 'autocomplete'
  | 'inputMode'
  | 'required'
  | 'maxLength'
  | 'minLength'
  | 'placeholder'
  | 'disabled'
  | 'min'
  | 'max'
  | 'spellcheck'
  | 'autofocus'
  | 'pattern'
>;

export function TextField(
  props: FieldProps &
    InputAttributes & { value: string; onChange: (value: string) => void },
) {
  const id = useId();
  const { label, hint, error, optional, value, onChange, ...rest } = props;
  return (
    <Field id={id} label={label} hint={hint} error={error} optional={optional}>
      <input
        {...rest}
        id={id}
        value={value}
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy(id, props)}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    </Field>
  );
}

export function TextArea(
  props: FieldProps & {
    value: string;
    onChange: (value: string) => void;
    rows?: number;
    required?: boolean;
    maxLength?: number;
    disabled?: boolean;
  },
) {
  const id = useId();
  return (
    <Field {...props} id={id}>
      <textarea
        id={id}
        rows={props.rows ?? 4}
        value={props.value}
        required={props.required}
        disabled={props.disabled}
        maxLength={props.maxLength}
        aria-invalid={props.error ? true : undefined}
        aria-describedby={describedBy(id, props)}
        onInput={(event) => props.onChange(event.currentTarget.value)}
      />
    </Field>
  );
}

export function SelectField<T extends string>(
  props: FieldProps & {
    value: T;
    options: readonly (readonly [T, string])[];
    onChange: (value: T) => void;
    disabled?: boolean;
  },
) {
  const id = useId();
  return (
    <Field {...props} id={id}>
      <select
        id={id}
        value={props.value}
        disabled={props.disabled}
        aria-describedby={describedBy(id, props)}
        onChange={(event) => props.onChange(event.currentTarget.value as T)}
      >
        {props.options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </Field>
  );
}

export function Checkbox(props: {
  label: ComponentChildren;
  checked: boolean;
  onChange: (checked: boolean) => void;
  hint?: string;
  required?: boolean;
  disabled?: boolean;
}) {
  const id = useId();
  return (
    <div class="checkbox">
      <input
        id={id}
        type="checkbox"
        checked={props.checked}
        required={props.required}
        disabled={props.disabled}
        aria-describedby={props.hint ? `${id}-hint` : undefined}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      <label for={id}>{props.label}</label>
      {props.hint && (
        <p class="hint" id={`${id}-hint`}>
          {props.hint}
        </p>
      )}
    </div>
  );
}

export function Fieldset(props: {
  legend: string;
  children: ComponentChildren;
}) {
  return (
    <fieldset>
      <legend>{props.legend}</legend>
      {props.children}
    </fieldset>
  );
}
