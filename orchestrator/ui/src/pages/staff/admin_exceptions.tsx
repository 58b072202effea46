// SPDX-License-Identifier: Apache-2.0
// Exceptions: files from who is not entitled, let in by two persons.
import { useState } from 'preact/hooks';
import { path, post } from '../../api/client.js';
import type { Exception, Organisation } from '../../api/staff.js';
import { Alert, Button, Card, Name, Time } from '../../components/basic.js';
import { SelectField, TextArea, TextField } from '../../components/form.js';
import { Link } from '../../components/link.js';
import { ProblemAlert, useAction } from '../../components/load.js';
import { PagedTable, usePages } from '../../components/pages.js';
import { useT } from '../../i18n/index.js';
import { useSession } from '../../session.js';
import { ActButton, StateBadge } from './parts.js';

function Propose(props: { onDone: () => void }) {
  const t = useT();
  const x = t.staff.admin.exceptions;
  const [org, setOrg] = useState('');
  const [number, setNumber] = useState('');
  const [reason, setReason] = useState('');
  const orgs = usePages<Organisation>('/organisations', {}, 500);
  const action = useAction(async () => {
    await post('/exceptions', {
      org,
      reason: reason.trim(),
      ...(number.trim() ? { case: number.trim() } : {}),
    });
    setReason('');
    setNumber('');
    props.onDone();
  });
  const isReady = org !== '' && reason.trim() !== '';

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void action.run();
      }}
    >
      <div class="fields">
        <SelectField
          label={t.case.organisation}
          value={org}
          onChange={setOrg}
          options={[
            ['', t.staff.case.choose],
            ...(orgs.items ?? []).map(
              (o) => [o.id, `${o.name} (${o.class})`] as const,
            ),
          ]}
        />
        <TextField
          label={t.case.number}
          hint={x.caseHint}
          value={number}
          onChange={setNumber}
          optional={t.common.optional}
          spellcheck={false}
        />
      </div>
      <TextArea
        label={t.common.reason}
        hint={x.reasonHint}
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
          disabled={!isReady}
        >
          {x.propose}
        </Button>
        {!isReady && <span class="hint">{x.needs}</span>}
      </p>
    </form>
  );
}

function Decide(props: { item: Exception; onDone: () => void }) {
  const t = useT();
  const { me, can } = useSession();
  const { item } = props;

  if (item.state !== 'proposed' || !can('claim')) return null;
  if (item.proposed_by_name === me.name)
    return <span class="hint">{t.staff.common.otherPerson}</span>;
  return (
    <ActButton
      small
      kind="primary"
      label={t.staff.admin.exceptions.approve}
      act={async () => {
        await post(path`/exceptions/${item.id}/approve`);
        props.onDone();
      }}
    />
  );
}

export function AdminExceptions() {
  const t = useT();
  const x = t.staff.admin.exceptions;
  const { can } = useSession();
  const pages = usePages<Exception>('/exceptions');

  return (
    <>
      <Card title={x.title}>
        <p class="hint">{x.hint}</p>
        <PagedTable
          pages={pages}
          caption={x.title}
          empty={x.none}
          rowKey={(e) => e.id}
          columns={[
            {
              key: 'org',
              head: t.case.organisation,
              isHead: true,
              cell: (e) => (
                <>
                  <Name text={e.org_name} /> ({e.class})
                </>
              ),
            },
            {
              key: 'case',
              head: t.case.number,
              cell: (e) =>
                e.case ? (
                  <Link href={path`/cases/${e.case}`}>{e.case}</Link>
                ) : (
                  x.nextCase
                ),
            },
            {
              key: 'reason',
              head: t.common.reason,
              cell: (e) => <Name text={e.reason} />,
            },
            {
              key: 'state',
              head: t.common.state,
              cell: (e) => <StateBadge state={e.state} />,
            },
            {
              key: 'by',
              head: t.staff.admin.policy.proposedBy,
              cell: (e) => <Name text={e.proposed_by_name ?? '–'} />,
            },
            {
              key: 'approved',
              head: t.staff.admin.policy.approvedBy,
              cell: (e) => <Name text={e.approved_by_name ?? '–'} />,
            },
            {
              key: 'until',
              head: x.until,
              cell: (e) => <Time at={e.expires_at} />,
            },
            {
              key: 'act',
              head: t.common.actions,
              cell: (e) => <Decide item={e} onDone={pages.reload} />,
            },
          ]}
        />
      </Card>
      <Card title={x.new}>
        {can('claim') ? (
          <Propose onDone={pages.reload} />
        ) : (
          <Alert>{x.notYou}</Alert>
        )}
      </Card>
    </>
  );
}
