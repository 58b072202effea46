// SPDX-License-Identifier: Apache-2.0
// What nobody looks into: seals and quarantine, and the acts that open a seal.
import { useState } from 'preact/hooks';
import { path, post } from '../../api/client.js';
import type { FullArtefact, Unseal } from '../../api/staff.js';
import {
  Alert,
  Badge,
  Button,
  Card,
  Name,
  Time,
} from '../../components/basic.js';
import { Dialog } from '../../components/dialog.js';
import { SelectField, TextArea } from '../../components/form.js';
import { Link } from '../../components/link.js';
import { ProblemAlert, useAction } from '../../components/load.js';
import { PagedTable, usePages, type Pages } from '../../components/pages.js';
import { useT, wordFor } from '../../i18n/index.js';
import { useSession } from '../../session.js';
import { ActButton, ReasonButton, StateBadge } from './parts.js';

const NECESSITY_MIN = 20;
const RESTRICTIONS = [
  'sealed',
  'classified_suspected',
  'legal',
  'malformed',
  'none',
] as const;

function isRestricted(item: FullArtefact): boolean {
  return (item.restriction ?? 'none') !== 'none' && item.restriction !== '';
}

export function RestrictionBadge(props: { item: FullArtefact }) {
  const t = useT();

  if (!isRestricted(props.item)) return null;
  return (
    <Badge tone="warn">
      {wordFor(t.staff.seal.restrictions, props.item.restriction ?? '')}
    </Badge>
  );
}

/** Seals or quarantines an artefact by hand, or lifts that. */
export function RestrictDialog(props: {
  item: FullArtefact;
  reload: () => void;
  onClose: () => void;
}) {
  const t = useT();
  const s = t.staff.seal;
  const now = props.item.restriction ?? 'none';
  const others = RESTRICTIONS.filter((word) => word !== now);
  const [word, setWord] = useState<string>(
    now === 'none' || now === '' ? 'sealed' : 'none',
  );
  const [reason, setReason] = useState('');
  const action = useAction(async () => {
    await post(path`/artefacts/${props.item.id}/restriction`, {
      restriction: word,
      reason: reason.trim(),
    });
    props.onClose();
    props.reload();
  });

  return (
    <Dialog title={s.restrict} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void action.run();
        }}
      >
        <p>{s.restrictText}</p>
        <SelectField
          label={s.restriction}
          value={word}
          onChange={setWord}
          options={others.map((key) => [key, s.restrictions[key] ?? key])}
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
            disabled={reason.trim() === ''}
          >
            {t.common.save}
          </Button>
          <Button onClick={props.onClose}>{t.common.cancel}</Button>
        </p>
      </form>
    </Dialog>
  );
}

function UnsealDialog(props: {
  item: FullArtefact;
  onDone: () => void;
  onClose: () => void;
}) {
  const t = useT();
  const s = t.staff.seal;
  const [necessity, setNecessity] = useState('');
  const action = useAction(async () => {
    await post(path`/artefacts/${props.item.id}/unseal`, {
      necessity: necessity.trim(),
    });
    props.onClose();
    props.onDone();
  });

  return (
    <Dialog title={s.unseal} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void action.run();
        }}
      >
        <p>{s.unsealText}</p>
        <TextArea
          label={s.necessity}
          hint={s.necessityHint}
          value={necessity}
          onChange={setNecessity}
          rows={4}
          required
        />
        {action.error ? <ProblemAlert error={action.error} /> : null}
        <p class="actions">
          <Button
            type="submit"
            kind="danger"
            busy={action.isBusy}
            disabled={[...necessity.trim()].length < NECESSITY_MIN}
          >
            {s.ask}
          </Button>
          <Button onClick={props.onClose}>{t.common.cancel}</Button>
        </p>
      </form>
    </Dialog>
  );
}

/** What a colleague can do about an act that waits. */
function Decide(props: { item: Unseal; onDone: () => void }) {
  const t = useT();
  const { me, can } = useSession();
  const { item } = props;
  const to = path`/unseals/${item.id}`;

  if (!can('unseal') || item.state !== 'requested') return null;
  return (
    <span class="actions">
      {item.requested_by === me.account ? (
        <span class="hint">{t.staff.common.otherPerson}</span>
      ) : (
        <ActButton
          small
          kind="danger"
          label={t.staff.seal.approve}
          act={async () => {
            await post(`${to}/approve`);
            props.onDone();
          }}
        />
      )}
      <ReasonButton
        small
        label={t.staff.move.refuse}
        act={async (reason) => {
          await post(`${to}/refuse`, { reason });
          props.onDone();
        }}
      />
    </span>
  );
}

function UnsealTable(props: {
  pages: Pages<Unseal>;
  withArtefact?: boolean;
  onDone: () => void;
}) {
  const t = useT();
  const s = t.staff.seal;

  return (
    <PagedTable
      pages={props.pages}
      caption={s.unseals}
      empty={s.none}
      rowKey={(u) => u.id}
      columns={[
        {
          key: 'necessity',
          head: s.necessity,
          isHead: true,
          cell: (u) => (
            <>
              {props.withArtefact && (
                <span class="block">
                  <Link href={path`/artefacts/${u.artefact}`}>
                    <Name text={u.artefact_name} />
                  </Link>
                </span>
              )}
              <Name text={u.necessity} />
              {u.answer && (
                <span class="hint block">
                  <Name text={u.answer} />
                </span>
              )}
            </>
          ),
        },
        {
          key: 'state',
          head: t.common.state,
          cell: (u) => (
            <>
              <StateBadge state={u.state} />
              {u.state === 'done' && (
                <span class="hint block">{s.matches(u.matches)}</span>
              )}
            </>
          ),
        },
        {
          key: 'by',
          head: t.staff.case.askedBy,
          cell: (u) => (
            <>
              <Name text={u.requested_by_name} />
              {u.decided_by_name && (
                <span class="hint block">
                  {s.decidedBy} <Name text={u.decided_by_name} />
                </span>
              )}
            </>
          ),
        },
        {
          key: 'at',
          head: t.common.time,
          cell: (u) => (
            <>
              <Time at={u.requested_at} />
              {u.destroyed_at && (
                <span class="hint block">
                  {s.destroyed} <Time at={u.destroyed_at} />
                </span>
              )}
            </>
          ),
        },
        {
          key: 'act',
          head: t.common.actions,
          cell: (u) => <Decide item={u} onDone={props.onDone} />,
        },
      ]}
    />
  );
}

/** Of an artefact: that it is closed, in plain words, and who opened it. */
export function ArtefactSeal(props: { item: FullArtefact }) {
  const t = useT();
  const s = t.staff.seal;
  const { can } = useSession();
  const { item } = props;
  const [isOpen, setOpen] = useState(false);
  const pages = usePages<Unseal>(path`/artefacts/${item.id}/unseals`);

  if (!isRestricted(item)) return null;
  if (!item.seal)
    return (
      <Alert tone="warn">
        {item.restriction === 'sealed' ? s.sealedByHand : s.quarantined}
      </Alert>
    );
  return (
    <Card
      title={s.title}
      actions={
        can('unseal') && (
          <Button kind="danger" onClick={() => setOpen(true)}>
            {s.unseal}
          </Button>
        )
      }
    >
      <p>{item.seal === 'enclosed' ? s.enclosed : s.openpgp}</p>
      <UnsealTable pages={pages} onDone={pages.reload} />
      {isOpen && (
        <UnsealDialog
          item={item}
          onDone={pages.reload}
          onClose={() => setOpen(false)}
        />
      )}
    </Card>
  );
}

/** All acts of a case. */
export function CaseUnseals(props: { number: string }) {
  const t = useT();
  const pages = usePages<Unseal>(path`/cases/${props.number}/unseals`);

  return (
    <Card title={t.staff.seal.unseals}>
      <UnsealTable pages={pages} withArtefact onDone={pages.reload} />
    </Card>
  );
}
