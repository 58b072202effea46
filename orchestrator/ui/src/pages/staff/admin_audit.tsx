// SPDX-License-Identifier: Apache-2.0
// The audit chain, from its beginning or from a number.
import type { AuditEntry } from '../../api/staff.js';
import { Card, Hash, Name, Time } from '../../components/basic.js';
import { PagedTable, useFiltered, usePages } from '../../components/pages.js';
import { useT } from '../../i18n/index.js';
import { inline } from '../../logic/findings.js';

export function AdminAudit() {
  const t = useT();
  const a = t.staff.admin.audit;
  const { shown, field } = useFiltered(
    usePages<AuditEntry>('/audit', {}, 100),
    (e) =>
      `${e.actor} ${e.action} ${e.object_kind} ${e.object} ${inline(e.detail)}`,
  );

  return (
    <Card
      title={t.staff.admin.tabs.audit}
      actions={
        <>
          {field}
          <a class="button plain" href="/api/v1/audit/export" download>
            {a.export}
          </a>
        </>
      }
    >
      <p class="hint">{a.hint}</p>
      <PagedTable
        pages={shown}
        caption={t.staff.admin.tabs.audit}
        empty={a.none}
        rowKey={(e) => e.seq}
        columns={[
          {
            key: 'seq',
            head: a.seq,
            numeric: true,
            isHead: true,
            cell: (e) => e.seq,
          },
          { key: 'at', head: t.common.time, cell: (e) => <Time at={e.at} /> },
          { key: 'actor', head: a.actor, cell: (e) => <Name text={e.actor} /> },
          {
            key: 'action',
            head: a.action,
            cell: (e) => <code>{e.action}</code>,
          },
          {
            key: 'object',
            head: a.object,
            cell: (e) => (
              <>
                <code>{e.object_kind}</code>{' '}
                <code class="wrap">{e.object}</code>
              </>
            ),
          },
          { key: 'outcome', head: a.outcome, cell: (e) => e.outcome },
          {
            key: 'detail',
            head: a.detail,
            cell: (e) => <Name text={inline(e.detail).slice(0, 300)} />,
          },
          { key: 'hash', head: 'SHA-256', cell: (e) => <Hash hex={e.hash} /> },
        ]}
      />
    </Card>
  );
}
