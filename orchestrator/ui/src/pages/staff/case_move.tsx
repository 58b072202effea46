// SPDX-License-Identifier: Apache-2.0
// Two cases about one event become one; one about two events becomes two.
import { useState } from 'preact/hooks';
import { getAll, path, post } from '../../api/client.js';
import type { StaffCase } from '../../api/staff.js';
import type { Artefact } from '../../api/types.js';
import { Alert, Button, Name } from '../../components/basic.js';
import { Dialog } from '../../components/dialog.js';
import {
  Checkbox,
  Fieldset,
  TextArea,
  TextField,
} from '../../components/form.js';
import { Link } from '../../components/link.js';
import {
  Loaded,
  ProblemAlert,
  useAction,
  useLoad,
} from '../../components/load.js';
import { useT } from '../../i18n/index.js';
import { navigate } from '../../router.js';

interface Props {
  item: StaffCase;
  onClose: () => void;
}

export function MergeDialog(props: Props) {
  const t = useT();
  const m = t.staff.move;
  const [into, setInto] = useState('');
  const [reason, setReason] = useState('');
  const action = useAction(async () => {
    const kept = await post<{ number: string }>(
      path`/cases/${props.item.number}/merge`,
      { into: into.trim(), reason: reason.trim() },
    );
    navigate(path`/cases/${kept.number}/overview`);
  });

  return (
    <Dialog title={m.merge} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void action.run().then((ok) => ok && props.onClose());
        }}
      >
        <Alert tone="warn">{m.mergeText}</Alert>
        <TextField
          label={m.into}
          hint={m.intoHint}
          value={into}
          onChange={setInto}
          required
          spellcheck={false}
        />
        <TextArea
          label={t.common.reason}
          value={reason}
          onChange={setReason}
          rows={3}
          required
        />
        {action.error ? <ProblemAlert error={action.error} /> : null}
        <p class="actions">
          <Button type="submit" kind="danger" busy={action.isBusy}>
            {m.merge}
          </Button>
          <Button onClick={props.onClose}>{t.common.cancel}</Button>
        </p>
      </form>
    </Dialog>
  );
}

export function SplitDialog(props: Props) {
  const t = useT();
  const m = t.staff.move;
  const [chosen, setChosen] = useState<string[]>([]);
  const [title, setTitle] = useState('');
  const [reason, setReason] = useState('');
  const from = path`/cases/${props.item.number}`;
  const sent = useLoad(
    (signal) => getAll<Artefact>(`${from}/artefacts`, {}, signal),
    [from],
  );
  const isAll = sent.data !== undefined && chosen.length === sent.data.length;
  const action = useAction(async () => {
    const made = await post<{ number: string }>(`${from}/split`, {
      artefacts: chosen,
      reason: reason.trim(),
      ...(title.trim() ? { title: title.trim() } : {}),
    });
    navigate(path`/cases/${made.number}/overview`);
  });

  return (
    <Dialog title={m.split} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void action.run().then((ok) => ok && props.onClose());
        }}
      >
        <p>{m.splitText}</p>
        <Loaded load={sent}>
          {(list) => (
            <Fieldset legend={m.which}>
              {list.map((a) => (
                <Checkbox
                  key={a.id}
                  label={<Name text={a.name} />}
                  checked={chosen.includes(a.id)}
                  onChange={(on) =>
                    setChosen(
                      on ? [...chosen, a.id] : chosen.filter((x) => x !== a.id),
                    )
                  }
                />
              ))}
            </Fieldset>
          )}
        </Loaded>
        <TextField
          label={m.newTitle}
          value={title}
          onChange={setTitle}
          optional={t.common.optional}
          maxLength={400}
        />
        <TextArea
          label={t.common.reason}
          value={reason}
          onChange={setReason}
          rows={3}
          required
        />
        {action.error ? <ProblemAlert error={action.error} /> : null}
        <p class="actions">
          <Button
            type="submit"
            kind="primary"
            busy={action.isBusy}
            disabled={chosen.length === 0 || isAll}
          >
            {m.split}
          </Button>
          <Button onClick={props.onClose}>{t.common.cancel}</Button>
          {(chosen.length === 0 || isAll) && (
            <span class="hint">{isAll ? m.notAll : m.chooseSome}</span>
          )}
        </p>
      </form>
    </Dialog>
  );
}

/** Where the rest of the event is. */
export function Relations(props: { item: StaffCase }) {
  const t = useT();
  const m = t.staff.move;
  const { item } = props;
  const lists: [string, string[]][] = [
    [m.merged, item.merged ?? []],
    [m.splitFrom, item.split_from ? [item.split_from] : []],
    [m.splitInto, item.split ?? []],
  ];

  return (
    <>
      {lists
        .filter(([, numbers]) => numbers.length > 0)
        .map(([label, numbers]) => (
          <p key={label}>
            {label}:{' '}
            {numbers.map((number, i) => (
              <span key={number}>
                {i > 0 && ', '}
                {label === m.merged ? (
                  <code>{number}</code>
                ) : (
                  <Link href={path`/cases/${number}`}>{number}</Link>
                )}
              </span>
            ))}
          </p>
        ))}
    </>
  );
}
