// SPDX-License-Identifier: Apache-2.0
// My organisation's cases.
import { get, type Page as ListPage } from '../api/client.js';
import type { Case } from '../api/types.js';
import { Empty, Name, Time } from '../components/basic.js';
import { Link } from '../components/link.js';
import { Loaded, useLoad } from '../components/load.js';
import { Page, type PageProps } from '../components/page.js';
import { Table } from '../components/table.js';
import { Tlp } from '../components/tlp.js';
import { useT } from '../i18n/index.js';

export default function Home(_: PageProps) {
  const t = useT();
  const load = useLoad(
    (signal) => get<ListPage<Case>>('/cases', {}, signal),
    [],
  );
  return (
    <Page title={t.home.title}>
      <Loaded load={load}>
        {(page) =>
          page.items.length === 0 ? (
            <Empty>{t.home.none}</Empty>
          ) : (
            <Table
              caption={t.home.title}
              rows={page.items}
              rowKey={(c) => c.id}
              columns={[
                {
                  key: 'number',
                  head: t.case.number,
                  isHead: true,
                  cell: (c) => (
                    <Link href={`/cases/${c.number}`}>{c.number}</Link>
                  ),
                },
                {
                  key: 'title',
                  head: t.case.title,
                  cell: (c) => <Name text={c.title} />,
                },
                { key: 'tlp', head: 'TLP', cell: (c) => <Tlp label={c.tlp} /> },
                {
                  key: 'created',
                  head: t.case.created,
                  cell: (c) => <Time at={c.created} />,
                },
              ]}
            />
          )
        }
      </Loaded>
    </Page>
  );
}
