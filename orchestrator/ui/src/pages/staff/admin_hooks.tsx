// SPDX-License-Identifier: Apache-2.0
// Endpoints of all organisations: approved by somebody who looks at them.
import { useState } from 'preact/hooks';
import type { Hook } from '../../api/types.js';
import { Button, Card, Name, Time } from '../../components/basic.js';
import { Dialog } from '../../components/dialog.js';
import { TextArea } from '../../components/form.js';
import { PagedTable, usePages } from '../../components/pages.js';
import { useT } from '../../i18n/index.js';
import { HookAct, HookAddress, HookHealth, HookLog } from '../hooks/parts.js';

function Refuse(props: {
  hook: Hook;
  onDone: () => void;
  onClose: () => void;
}) {
  const t = useT();
  const [reason, setReason] = useState('');

  return (
    <Dialog title={t.hooks.verbs.refuse} onClose={props.onClose}>
      <p>
        <Name text={props.hook.url} />
      </p>
      <TextArea
        label={t.common.reason}
        hint={t.hooks.reasonHint}
        value={reason}
        onChange={setReason}
        rows={3}
        required
      />
      <p class="actions">
        <HookAct
          hook={props.hook}
          verb="refuse"
          kind="danger"
          body={{ reason: reason.trim() }}
          onDone={props.onDone}
        />
      </p>
    </Dialog>
  );
}

export function AdminHooks() {
  const t = useT();
  const [shown, setShown] = useState<Hook | null>(null);
  const [refused, setRefused] = useState<Hook | null>(null);
  const pages = usePages<Hook>('/hooks');

  return (
    <Card title={t.hooks.title}>
      <p class="hint">{t.hooks.approveHint}</p>
      <PagedTable
        pages={pages}
        caption={t.hooks.title}
        empty={t.hooks.none}
        rowKey={(h) => h.id}
        columns={[
          {
            key: 'org',
            head: t.case.organisation,
            isHead: true,
            cell: (h) => <Name text={h.org_name} />,
          },
          {
            key: 'url',
            head: t.hooks.url,
            cell: (h) => <HookAddress hook={h} />,
          },
          {
            key: 'by',
            head: t.staff.admin.policy.proposedBy,
            cell: (h) => <Name text={h.proposed_by_name} />,
          },
          {
            key: 'state',
            head: t.common.state,
            cell: (h) => <HookHealth hook={h} />,
          },
          {
            key: 'last',
            head: t.hooks.delivered,
            cell: (h) => <Time at={h.delivered_at} />,
          },
          {
            key: 'act',
            head: t.common.actions,
            cell: (h) => (
              <span class="row">
                <Button
                  small
                  onClick={() => setShown(h)}
                  label={`${t.hooks.log}: ${h.url}`}
                >
                  {t.hooks.log}
                </Button>
                {h.state !== 'active' &&
                  (h.is_own ? (
                    <span class="hint">{t.staff.common.otherPerson}</span>
                  ) : (
                    <HookAct
                      hook={h}
                      verb="approve"
                      kind="primary"
                      onDone={pages.reload}
                    />
                  ))}
                {h.state === 'proposed' && (
                  <Button
                    small
                    kind="danger"
                    onClick={() => setRefused(h)}
                    label={`${t.hooks.verbs.refuse}: ${h.url}`}
                  >
                    {t.hooks.verbs.refuse}
                  </Button>
                )}
                {h.state === 'active' && (
                  <HookAct
                    hook={h}
                    verb="disable"
                    kind="danger"
                    onDone={pages.reload}
                  />
                )}
              </span>
            ),
          },
        ]}
      />
      {shown && <HookLog hook={shown} onClose={() => setShown(null)} />}
      {refused && (
        <Refuse
          hook={refused}
          onClose={() => setRefused(null)}
          onDone={() => {
            setRefused(null);
            pages.reload();
          }}
        />
      )}
    </Card>
  );
}
