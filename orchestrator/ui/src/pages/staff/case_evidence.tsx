// SPDX-License-Identifier: Apache-2.0
// Labels, who had the case in hand, what left, and how it ends.
import { useState } from 'preact/hooks';
import { path, post } from '../../api/client.js';
import type {
  Deletion,
  Disclosure,
  HistoryEntry,
  StaffCase,
} from '../../api/staff.js';
import type { AccessEvent } from '../../api/types.js';
import { Alert, Button, Card, Name, Time } from '../../components/basic.js';
import { TextField } from '../../components/form.js';
import {
  LabelFields,
  isLowered,
  isSameLabels,
  type LabelValues,
} from '../../components/labels.js';
import { Link } from '../../components/link.js';
import { ProblemAlert, useAction } from '../../components/load.js';
import { PagedTable, usePages } from '../../components/pages.js';
import { Tlp } from '../../components/tlp.js';
import { useT, wordFor } from '../../i18n/index.js';
import { useSession } from '../../session.js';
import { CaseUnseals } from './artefact_seal.js';
import { ActButton, ReasonButton, StateBadge } from './parts.js';

function Labels(props: { item: StaffCase; reload: () => void }) {
  const t = useT();
  const c = t.staff.case;
  const { item } = props;
  const before: LabelValues = {
    tlp: item.tlp,
    pap: item.pap,
    restriction: item.tlp_restriction ?? '',
  };
  const [labels, setLabels] = useState(before);
  const [permission, setPermission] = useState('');
  const isLower = isLowered(before, labels);
  const action = useAction(async () => {
    await post(path`/cases/${item.number}/labels`, {
      ...(labels.tlp !== before.tlp ? { tlp: labels.tlp } : {}),
      ...(labels.pap !== before.pap ? { pap: labels.pap } : {}),
      ...(labels.restriction !== before.restriction
        ? { tlp_restriction: labels.restriction }
        : {}),
      ...(isLower ? { permission } : {}),
    });
    setPermission('');
    props.reload();
  });

  return (
    <Card title={c.labels}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void action.run();
        }}
      >
        <div class="fields">
          <LabelFields value={labels} onChange={setLabels} />
        </div>
        {isLower && (
          <>
            <Alert tone="warn">{c.lowering}</Alert>
            <TextField
              label={c.permission}
              hint={c.permissionHint}
              value={permission}
              onChange={setPermission}
              required
            />
          </>
        )}
        {action.error ? <ProblemAlert error={action.error} /> : null}
        <Button
          type="submit"
          busy={action.isBusy}
          disabled={
            isSameLabels(before, labels) ||
            (isLower && permission.trim() === '')
          }
        >
          {t.common.save}
        </Button>
      </form>
    </Card>
  );
}

/** What can be done about a deletion that was asked for, or its proof. */
function Decide(props: { item: Deletion; onDone: () => void }) {
  const t = useT();
  const { me, can } = useSession();
  const { item } = props;
  const to = path`/deletions/${item.id}`;

  if (item.has_certificate)
    return (
      <a href={`/api/v1/deletions/${item.id}/certificate`} download>
        {t.staff.case.certificate}
      </a>
    );
  if (!can('withdraw') || item.state !== 'requested') return null;
  return (
    <span class="actions">
      {item.requested_by_name === me.name ? (
        <span class="hint">{t.staff.common.otherPerson}</span>
      ) : (
        <ActButton
          small
          kind="danger"
          label={t.staff.case.approveDeletion}
          act={async () => {
            await post(`${to}/approve`);
            props.onDone();
          }}
        />
      )}
      <ReasonButton
        small
        label={t.staff.move.refuse}
        text={t.staff.move.refuseText}
        act={async (reason) => {
          await post(`${to}/refuse`, { reason });
          props.onDone();
        }}
      />
    </span>
  );
}

function Ending(props: { item: StaffCase; reload: () => void }) {
  const t = useT();
  const c = t.staff.case;
  const { can } = useSession();
  const { item } = props;
  const base = path`/cases/${item.number}`;
  const pages = usePages<Deletion>(`${base}/deletions`);
  const reload = () => {
    pages.reload();
    props.reload();
  };

  return (
    <Card
      title={c.ending}
      actions={
        <>
          {can('legal_hold') && (
            <ReasonButton
              small
              label={item.legal_hold ? c.holdOff : c.holdOn}
              act={async (reason) => {
                await post(`${base}/hold`, { on: !item.legal_hold, reason });
                props.reload();
              }}
            />
          )}
          {can('withdraw') && (
            <ReasonButton
              small
              danger
              label={c.askDeletion}
              text={c.askDeletionText}
              act={async (reason) => {
                await post(`${base}/deletion`, { reason });
                pages.reload();
              }}
            />
          )}
        </>
      }
    >
      <PagedTable
        pages={pages}
        caption={c.ending}
        empty={c.noDeletions}
        rowKey={(d) => d.id}
        columns={[
          {
            key: 'reason',
            head: t.common.reason,
            isHead: true,
            cell: (d) => (
              <>
                <Name text={d.reason} />
                {d.answer && (
                  <span class="hint block">
                    {t.staff.move.answer}: <Name text={d.answer} />{' '}
                    <Name text={d.refused_by_name ?? ''} />
                  </span>
                )}
              </>
            ),
          },
          {
            key: 'state',
            head: t.common.state,
            cell: (d) => <StateBadge state={d.state} />,
          },
          {
            key: 'by',
            head: c.askedBy,
            cell: (d) => <Name text={d.requested_by_name ?? ''} />,
          },
          {
            key: 'at',
            head: t.common.time,
            cell: (d) => <Time at={d.executed_at ?? d.requested_at} />,
          },
          {
            key: 'act',
            head: t.common.actions,
            cell: (d) => <Decide item={d} onDone={reload} />,
          },
        ]}
      />
    </Card>
  );
}

function Access(props: { number: string }) {
  const t = useT();
  const c = t.staff.case;
  const pages = usePages<AccessEvent>(path`/cases/${props.number}/access`);

  return (
    <Card title={c.access}>
      <p class="hint">{c.accessHint}</p>
      <PagedTable
        pages={pages}
        caption={c.access}
        empty={c.noAccess}
        rowKey={(a) => `${a.at} ${a.event} ${a.artefact ?? ''}`}
        columns={[
          { key: 'at', head: t.common.time, cell: (a) => <Time at={a.at} /> },
          {
            key: 'event',
            head: c.event,
            isHead: true,
            cell: (a) => wordFor(t.staff.words.custody, a.event),
          },
          {
            key: 'role',
            head: c.who,
            cell: (a) => (
              <>
                {wordFor(t.access.roles, a.role)} · <Name text={a.org_name} />
              </>
            ),
          },
          {
            key: 'purpose',
            head: c.purpose,
            cell: (a) => (
              <Name text={wordFor(t.staff.words.purposes, a.purpose)} />
            ),
          },
          {
            key: 'artefact',
            head: t.staff.artefact.artefact,
            cell: (a) =>
              a.artefact ? (
                <Link href={path`/artefacts/${a.artefact}`}>
                  <Name text={a.artefact_name ?? a.artefact} />
                </Link>
              ) : (
                '–'
              ),
          },
        ]}
      />
    </Card>
  );
}

function Disclosures(props: { number: string }) {
  const t = useT();
  const c = t.staff.case;
  const pages = usePages<Disclosure>(path`/cases/${props.number}/disclosures`);

  return (
    <Card title={c.disclosures}>
      <PagedTable
        pages={pages}
        caption={c.disclosures}
        empty={c.noDisclosures}
        rowKey={(d) => d.id}
        columns={[
          {
            key: 'at',
            head: t.common.time,
            cell: (d) => <Time at={d.sent_at} />,
          },
          {
            key: 'to',
            head: c.recipient,
            isHead: true,
            cell: (d) => <Name text={d.recipient_name ?? d.recipient} />,
          },
          {
            key: 'tlp',
            head: 'TLP',
            cell: (d) => <Tlp label={d.tlp} />,
          },
          {
            key: 'purpose',
            head: c.purpose,
            cell: (d) => (
              <Name text={wordFor(t.staff.words.purposes, d.purpose)} />
            ),
          },
          {
            key: 'state',
            head: t.common.state,
            cell: (d) => <StateBadge state={d.state} />,
          },
        ]}
      />
    </Card>
  );
}

/** An action in words, and what somebody wrote about it. */
function Happened(props: { entry: HistoryEntry }) {
  const t = useT();
  const { action, text } = props.entry;
  const stage = action.replace(/^stage_/, '');

  return (
    <>
      {stage !== action
        ? `${t.case.stage}: ${wordFor(t.stages, stage)}`
        : wordFor(t.staff.words.history, action)}
      {text && (
        <span class="hint block">
          <Name text={wordFor(t.staff.words.verdicts, text)} />
        </span>
      )}
    </>
  );
}

function History(props: { number: string }) {
  const t = useT();
  const c = t.staff.case;
  const pages = usePages<HistoryEntry>(path`/cases/${props.number}/history`);

  return (
    <Card title={c.history}>
      <PagedTable
        pages={pages}
        caption={c.history}
        empty={c.noHistory}
        rowKey={(h) => h.id}
        columns={[
          { key: 'at', head: t.common.time, cell: (h) => <Time at={h.at} /> },
          {
            key: 'who',
            head: c.who,
            cell: (h) => <Name text={h.actor_name ?? h.actor_role} />,
          },
          {
            key: 'what',
            head: c.event,
            isHead: true,
            cell: (h) => <Happened entry={h} />,
          },
        ]}
      />
    </Card>
  );
}

export function CaseEvidence(props: { item: StaffCase; reload: () => void }) {
  const { can } = useSession();
  const [round, setRound] = useState(0);
  const { item } = props;
  /* What is done here shows in the lists beside it. */
  const reload = () => {
    setRound((n) => n + 1);
    props.reload();
  };

  return (
    <>
      {can('claim') && (
        <Labels key={`${item.tlp}${item.pap}`} item={item} reload={reload} />
      )}
      <History key={`h${round}`} number={item.number} />
      <Access key={`a${round}`} number={item.number} />
      <CaseUnseals number={item.number} />
      <Disclosures number={item.number} />
      <Ending item={item} reload={reload} />
    </>
  );
}
