// SPDX-License-Identifier: Apache-2.0
// Where one is signed in.
import { get, post, type Page as ListPage } from '../../api/client.js';
import type { Session } from '../../api/types.js';
import { Badge, Button, Empty, Time } from '../../components/basic.js';
import {
  Loaded,
  ProblemAlert,
  useAction,
  useLoad,
} from '../../components/load.js';
import { Table } from '../../components/table.js';
import { useT } from '../../i18n/index.js';

export function Sessions() {
  const t = useT();
  const load = useLoad(
    (signal) => get<ListPage<Session>>('/sessions', {}, signal),
    [],
  );
  const end = useAction(async (id: string) => {
    await post('/logout', { id });
    load.reload();
  });

  return (
    <Loaded load={load}>
      {(page) =>
        page.items.length === 0 ? (
          <Empty>{t.common.none}</Empty>
        ) : (
          <>
            {end.error ? <ProblemAlert error={end.error} /> : null}
            <Table
              caption={t.account.sessions}
              rows={page.items}
              rowKey={(s) => s.id}
              columns={[
                {
                  key: 'address',
                  head: t.account.address,
                  isHead: true,
                  cell: (s) => (
                    <>
                      <code>{s.address}</code>{' '}
                      {s.is_current && (
                        <Badge tone="good">{t.account.thisOne}</Badge>
                      )}
                    </>
                  ),
                },
                {
                  key: 'created',
                  head: t.account.since,
                  cell: (s) => <Time at={s.created} />,
                },
                {
                  key: 'used',
                  head: t.account.used,
                  cell: (s) => <Time at={s.used} />,
                },
                {
                  key: 'end',
                  head: t.common.actions,
                  cell: (s) =>
                    !s.is_current && (
                      <Button
                        small
                        label={`${t.account.endSession}: ${s.address}`}
                        onClick={() => void end.run(s.id)}
                      >
                        {t.account.endSession}
                      </Button>
                    ),
                },
              ]}
            />
          </>
        )
      }
    </Loaded>
  );
}
