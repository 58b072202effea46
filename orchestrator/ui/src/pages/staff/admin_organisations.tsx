// SPDX-License-Identifier: Apache-2.0
// Organisations: their class, rank, quotas and what they hold.
import { useState } from 'preact/hooks';
import { path, post } from '../../api/client.js';
import type { Organisation } from '../../api/staff.js';
import { Button, Card, Meter, Name } from '../../components/basic.js';
import { Dialog } from '../../components/dialog.js';
import { SelectField, TextField } from '../../components/form.js';
import { ProblemAlert, useAction } from '../../components/load.js';
import { PagedTable, usePages } from '../../components/pages.js';
import { useT, useWords, wordFor } from '../../i18n/index.js';
import { formatBytes } from '../../lib/format.js';
import { useSession } from '../../session.js';
import { StateBadge } from './parts.js';

const CLASSES = ['C1', 'C1b', 'C2', 'C3', 'C4', 'C5', 'CSIRT'];
const GIB = 1024 ** 3;

function OrganisationDialog(props: {
  before: Organisation | null;
  onClose: () => void;
  onDone: () => void;
}) {
  const t = useT();
  const o = t.staff.admin.org;
  const { before } = props;
  const [name, setName] = useState(before?.name ?? '');
  const [klass, setClass] = useState(before?.class ?? 'C1');
  const [sector, setSector] = useState(before?.sector ?? '');
  const [state, setState] = useState(before?.state ?? 'active');
  const [quota, setQuota] = useState(
    before?.quota_bytes ? String(Math.round(before.quota_bytes / GIB)) : '',
  );
  const [uploads, setUploads] = useState(
    before?.quota_uploads ? String(before.quota_uploads) : '',
  );
  const action = useAction(async () => {
    if (!before) {
      await post('/organisations', { name: name.trim(), class: klass });
    } else {
      const body: Record<string, unknown> = { version: before.version ?? 0 };
      if (name !== before.name) body['name'] = name.trim();
      if (klass !== before.class) body['class'] = klass;
      if (sector !== (before.sector ?? '')) body['sector'] = sector;
      if (state !== before.state) body['state'] = state;
      if (quota !== '') body['quota_bytes'] = Number(quota) * GIB;
      if (uploads !== '') body['quota_uploads'] = Number(uploads);
      await post(path`/organisations/${before.id}`, body);
    }
    props.onDone();
  });

  return (
    <Dialog title={before ? o.change : o.add} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void action.run().then((ok) => ok && props.onClose());
        }}
      >
        <TextField
          label={t.common.name}
          value={name}
          onChange={setName}
          required
          maxLength={200}
        />
        <SelectField
          label={o.class}
          value={klass}
          onChange={setClass}
          options={CLASSES.map(
            (c) => [c, `${c}: ${wordFor(o.classes, c)}`] as const,
          )}
        />
        {before && (
          <>
            <TextField
              label={o.sector}
              value={sector}
              onChange={setSector}
              optional={t.common.optional}
            />
            <SelectField
              label={t.common.state}
              value={state}
              onChange={setState}
              options={['active', 'disabled'].map(
                (s) => [s, wordFor(t.staff.words.states, s)] as const,
              )}
            />
            <TextField
              label={o.quota}
              type="number"
              min={0}
              value={quota}
              onChange={setQuota}
            />
            <TextField
              label={o.uploads}
              type="number"
              min={0}
              value={uploads}
              onChange={setUploads}
            />
          </>
        )}
        {action.error ? <ProblemAlert error={action.error} /> : null}
        <p class="actions">
          <Button type="submit" kind="primary" busy={action.isBusy}>
            {t.common.save}
          </Button>
          <Button onClick={props.onClose}>{t.common.cancel}</Button>
        </p>
      </form>
    </Dialog>
  );
}

export function AdminOrganisations() {
  const { t, locale } = useWords();
  const o = t.staff.admin.org;
  const { can } = useSession();
  const [open, setOpen] = useState<Organisation | 'new' | null>(null);
  const pages = usePages<Organisation>('/organisations', {}, 200);

  return (
    <Card
      title={t.staff.admin.tabs.organisations}
      actions={
        can('manage_staff') && (
          <Button kind="primary" onClick={() => setOpen('new')}>
            {o.add}
          </Button>
        )
      }
    >
      <PagedTable
        pages={pages}
        caption={t.staff.admin.tabs.organisations}
        empty={o.none}
        rowKey={(x) => x.id}
        columns={[
          {
            key: 'name',
            head: t.common.name,
            isHead: true,
            cell: (x) => <Name text={x.name} />,
          },
          {
            key: 'class',
            head: o.class,
            cell: (x) => (
              <>
                {x.class}{' '}
                <span class="hint block">{wordFor(o.classes, x.class)}</span>
              </>
            ),
          },
          {
            key: 'rank',
            head: o.rank,
            numeric: true,
            cell: (x) => x.rank ?? '–',
          },
          { key: 'cases', head: o.cases, numeric: true, cell: (x) => x.cases },
          {
            key: 'stored',
            head: o.stored,
            cell: (x) =>
              x.stored_bytes == null ? (
                '–'
              ) : (
                <>
                  {formatBytes(x.stored_bytes, locale)}
                  {x.quota_bytes ? (
                    <>
                      {' / '}
                      {formatBytes(x.quota_bytes, locale)}
                      <Meter
                        value={x.stored_bytes}
                        max={x.quota_bytes}
                        label={o.stored}
                        tone={
                          x.stored_bytes > 0.9 * x.quota_bytes ? 'bad' : 'info'
                        }
                      />
                    </>
                  ) : null}
                </>
              ),
          },
          {
            key: 'state',
            head: t.common.state,
            cell: (x) => <StateBadge state={x.state} />,
          },
          {
            key: 'act',
            head: t.common.actions,
            cell: (x) =>
              can('manage_staff') && (
                <Button
                  small
                  onClick={() => setOpen(x)}
                  label={`${o.change}: ${x.name}`}
                >
                  {o.change}
                </Button>
              ),
          },
        ]}
      />
      {open && (
        <OrganisationDialog
          before={open === 'new' ? null : open}
          onClose={() => setOpen(null)}
          onDone={pages.reload}
        />
      )}
    </Card>
  );
}
