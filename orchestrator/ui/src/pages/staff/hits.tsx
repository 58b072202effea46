// SPDX-License-Identifier: Apache-2.0
// What a search found, or what is like an artefact.
import { path } from '../../api/client.js';
import type { SearchHit } from '../../api/staff.js';
import { Hash, Name, Time } from '../../components/basic.js';
import { Link } from '../../components/link.js';
import { PagedTable, type Pages } from '../../components/pages.js';
import { useT, wordFor } from '../../i18n/index.js';

export function Hits(props: {
  pages: Pages<SearchHit>;
  caption: string;
  empty: string;
}) {
  const t = useT();
  const s = t.staff.search;

  return (
    <PagedTable
      pages={props.pages}
      caption={props.caption}
      empty={props.empty}
      rowKey={(h) => `${h.kind} ${h.case} ${h.artefact ?? ''} ${h.why}`}
      columns={[
        { key: 'kind', head: s.kind, cell: (h) => wordFor(s.kinds, h.kind) },
        {
          key: 'name',
          head: s.what,
          isHead: true,
          cell: (h) =>
            h.artefact ? (
              <>
                <Link href={path`/artefacts/${h.artefact}`}>
                  <Name text={h.name ?? h.artefact} />
                </Link>
                {h.sha256 && <Hash hex={h.sha256} />}
              </>
            ) : (
              <Name text={h.name ?? '–'} />
            ),
        },
        { key: 'why', head: s.why, cell: (h) => <Name text={h.why} /> },
        {
          key: 'score',
          head: s.distance,
          numeric: true,
          cell: (h) => h.score ?? '–',
        },
        {
          key: 'case',
          head: s.case,
          cell: (h) => (
            <>
              <Link href={path`/cases/${h.case_number ?? h.case}`}>
                <Name text={h.title || h.case_number || h.case} />
              </Link>
              <span class="hint block">
                <Name text={h.org_name} />
              </span>
            </>
          ),
        },
        { key: 'at', head: t.common.time, cell: (h) => <Time at={h.at} /> },
      ]}
    />
  );
}
