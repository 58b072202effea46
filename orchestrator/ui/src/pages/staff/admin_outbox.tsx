// SPDX-License-Identifier: Apache-2.0
// Mail that is to go out, or went.
import { path, post } from '../../api/client.js';
import type { OutboxEntry } from '../../api/staff.js';
import { Card, Name, Time } from '../../components/basic.js';
import { PagedTable, usePages } from '../../components/pages.js';
import { useT, wordFor } from '../../i18n/index.js';
import { ActButton, StateBadge } from './parts.js';

export function AdminOutbox() {
  const t = useT();
  const o = t.staff.admin.outbox;
  const pages = usePages<OutboxEntry>('/outbox');

  return (
    <Card title={t.staff.admin.tabs.outbox}>
      <p class="hint">{o.hint}</p>
      <PagedTable
        pages={pages}
        caption={t.staff.admin.tabs.outbox}
        empty={o.none}
        rowKey={(e) => e.id}
        columns={[
          {
            key: 'kind',
            head: o.kind,
            isHead: true,
            cell: (e) => wordFor(o.kinds, e.kind),
          },
          {
            key: 'org',
            head: t.case.organisation,
            cell: (e) => <Name text={e.org_name} />,
          },
          {
            key: 'case',
            head: t.case.number,
            cell: (e) => <code>{e.number}</code>,
          },
          { key: 'to', head: o.to, cell: (e) => <Name text={e.address} /> },
          {
            key: 'state',
            head: t.common.state,
            cell: (e) => <StateBadge state={e.state} />,
          },
          {
            key: 'attempts',
            head: o.attempts,
            numeric: true,
            cell: (e) => e.attempts,
          },
          {
            key: 'reason',
            head: t.common.reason,
            cell: (e) => <Name text={e.reason} />,
          },
          {
            key: 'at',
            head: t.common.time,
            cell: (e) => <Time at={e.ended_at ?? e.created_at} />,
          },
          {
            key: 'act',
            head: t.common.actions,
            cell: (e) =>
              (e.state === 'failed' || e.state === 'held') && (
                <ActButton
                  small
                  label={t.common.retry}
                  act={async () => {
                    await post(path`/outbox/${e.id}/retry`);
                    pages.reload();
                  }}
                />
              ),
          },
        ]}
      />
    </Card>
  );
}
