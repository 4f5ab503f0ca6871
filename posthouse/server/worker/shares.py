"""Share links' part of the site."""

from __future__ import annotations

from collections.abc import Callable

from posthouse.protocols.web.shares.admission import Admission
from posthouse.protocols.web.shares.downloads import Downloads
from posthouse.protocols.web.shares.site import SharePages
from posthouse.protocols.web.shares.uploads import Uploads
from posthouse.server.worker.parts import Parts


def share_pages(parts: Parts, now: Callable[[], int]) -> SharePages:
    """The pages below /share/."""
    configuration, web = parts.configuration, parts.configuration.web
    reach = configuration.sharing.reach
    return SharePages(
        parts.store,
        Admission(parts.registry, configuration.authentication, web.share_login_seconds),
        Downloads(parts.store, parts.blobs, parts.thumbnails, web.share_zip_files, reach),
        Uploads(parts.store, parts.blobs, configuration.files.limits, web.share_upload_octets, reach, now),
        reach,
        now,
    )
