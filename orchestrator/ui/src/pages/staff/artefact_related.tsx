// SPDX-License-Identifier: Apache-2.0
// Artefacts like this one, in the cases that one may see.
import { path } from '../../api/client.js';
import type { FullArtefact, SearchHit } from '../../api/staff.js';
import { Card } from '../../components/basic.js';
import { Link } from '../../components/link.js';
import { usePages } from '../../components/pages.js';
import { useT } from '../../i18n/index.js';
import { Hits } from './hits.js';

export function RelatedArtefacts(props: { item: FullArtefact }) {
  const t = useT();
  const a = t.staff.artefact;
  const { item } = props;
  const pages = usePages<SearchHit>(path`/artefacts/${item.id}/related`);

  return (
    <Card title={a.tabs.related}>
      <p>
        {a.pivot}{' '}
        <Link href={`/search?kind=hash&q=${item.sha256}`}>SHA-256</Link>
        {item.tlsh && (
          <>
            {' · '}
            <Link href={`/search?kind=tlsh&q=${encodeURIComponent(item.tlsh)}`}>
              TLSH
            </Link>
          </>
        )}
        {' · '}
        <Link href={`/search?kind=name&q=${encodeURIComponent(item.name)}`}>
          {t.common.name}
        </Link>
      </p>
      <Hits pages={pages} caption={a.tabs.related} empty={a.noRelated} />
    </Card>
  );
}
