"""Which command is allowed when, and who does it; RFC 9051 3 and 6."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from posthouse.protocols.imap.commands import (
    acl,
    any_state,
    append,
    comparator,
    compress,
    copy,
    enable,
    expunge,
    idle,
    listing,
    login,
    mailboxes,
    metadata,
    notify,
    quota,
    replace,
    select,
    starttls,
    status,
    store,
    uid_batches,
)
from posthouse.protocols.imap.commands.fetch import command as fetch
from posthouse.protocols.imap.commands.search import command as search
from posthouse.protocols.imap.commands.search import several
from posthouse.protocols.imap.commands.sort import command as sort
from posthouse.protocols.imap.commands.thread import command as thread
from posthouse.protocols.imap.contracts import Ok
from posthouse.protocols.imap.wire.commands.acl import DeleteAcl, GetAcl, ListRights, MyRights, SetAcl
from posthouse.protocols.imap.wire.commands.append import Append, Replace
from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.commands.listing import List, Lsub, Namespace, Status
from posthouse.protocols.imap.wire.commands.mailboxes import (
    Close,
    Create,
    Delete,
    Examine,
    Rename,
    Select,
    Subscribe,
    Unselect,
    Unsubscribe,
)
from posthouse.protocols.imap.wire.commands.messages import Copy, Expunge, Fetch, Move, Store, UidExpunge
from posthouse.protocols.imap.wire.commands.metadata import GetMetadata, SetMetadata
from posthouse.protocols.imap.wire.commands.quota import GetQuota, GetQuotaRoot, SetQuota
from posthouse.protocols.imap.wire.commands.search import MultiSearch, Search, Sort, Thread, UidBatches
from posthouse.protocols.imap.wire.commands.session import (
    Authenticate,
    Capability,
    Check,
    Comparator,
    Compress,
    Enable,
    Id,
    Idle,
    Language,
    Login,
    Logout,
    Noop,
    Notify,
    StartTls,
    Unauthenticate,
)

Run = Callable[..., Awaitable[Ok | None]]

# Those that look at the connection or change its state: they are given the session, and say themselves what they need
CONNECTION_COMMANDS: dict[type[Command], Run] = {
    Capability: any_state.capability,
    Noop: any_state.noop,
    Check: any_state.check,
    Id: any_state.identify,
    Logout: any_state.logout,
    StartTls: starttls.starttls,
    Login: login.login,
    Authenticate: login.authenticate,
    Unauthenticate: login.unauthenticate,
    Language: any_state.language,
    Enable: enable.enable,
    MultiSearch: several.multi_search,
    Select: select.select,
    Examine: select.select,
    Close: select.close,
    Unselect: select.unselect,
    Delete: mailboxes.delete,
    Append: append.append,
    Replace: replace.replace,
    Compress: compress.compress,
    Idle: idle.idle,
    Notify: notify.notify,
}

# Those for whoever has logged in
USER_COMMANDS: dict[type[Command], Run] = {
    Create: mailboxes.create,
    Rename: mailboxes.rename,
    Subscribe: mailboxes.subscribe,
    Unsubscribe: mailboxes.unsubscribe,
    List: listing.list_,
    Lsub: listing.lsub,
    Namespace: listing.namespace,
    Status: status.status,
    Comparator: comparator.comparator,
    SetAcl: acl.set_acl,
    DeleteAcl: acl.delete_acl,
    GetAcl: acl.get_acl,
    ListRights: acl.list_rights,
    MyRights: acl.my_rights,
    GetMetadata: metadata.get_metadata,
    SetMetadata: metadata.set_metadata,
    GetQuota: quota.get_quota,
    GetQuotaRoot: quota.get_quota_root,
    SetQuota: quota.set_quota,
}

# Those on the open mailbox
MAILBOX_COMMANDS: dict[type[Command], Run] = {
    Expunge: expunge.expunge,
    UidExpunge: expunge.uid_expunge,
    Search: search.search,
    UidBatches: uid_batches.uid_batches,
    Sort: sort.sort,
    Thread: thread.thread,
    Fetch: fetch.fetch,
    Store: store.store,
    Copy: copy.copy,
    Move: copy.move,
}
