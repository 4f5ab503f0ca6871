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
from posthouse.protocols.imap.wire import commands as wire

Run = Callable[..., Awaitable[Ok | None]]

# Those that look at the connection or change its state: they are given the session, and say themselves what they need
CONNECTION_COMMANDS: dict[type[wire.Command], Run] = {
    wire.Capability: any_state.capability,
    wire.Noop: any_state.noop,
    wire.Check: any_state.check,
    wire.Id: any_state.identify,
    wire.Logout: any_state.logout,
    wire.StartTls: starttls.starttls,
    wire.Login: login.login,
    wire.Authenticate: login.authenticate,
    wire.Unauthenticate: login.unauthenticate,
    wire.Language: any_state.language,
    wire.Enable: enable.enable,
    wire.MultiSearch: several.multi_search,
    wire.Select: select.select,
    wire.Examine: select.select,
    wire.Close: select.close,
    wire.Unselect: select.unselect,
    wire.Delete: mailboxes.delete,
    wire.Append: append.append,
    wire.Replace: replace.replace,
    wire.Compress: compress.compress,
    wire.Idle: idle.idle,
    wire.Notify: notify.notify,
}

# Those for whoever has logged in
USER_COMMANDS: dict[type[wire.Command], Run] = {
    wire.Create: mailboxes.create,
    wire.Rename: mailboxes.rename,
    wire.Subscribe: mailboxes.subscribe,
    wire.Unsubscribe: mailboxes.unsubscribe,
    wire.List: listing.list_,
    wire.Lsub: listing.lsub,
    wire.Namespace: listing.namespace,
    wire.Status: status.status,
    wire.Comparator: comparator.comparator,
    wire.SetAcl: acl.set_acl,
    wire.DeleteAcl: acl.delete_acl,
    wire.GetAcl: acl.get_acl,
    wire.ListRights: acl.list_rights,
    wire.MyRights: acl.my_rights,
    wire.GetMetadata: metadata.get_metadata,
    wire.SetMetadata: metadata.set_metadata,
    wire.GetQuota: quota.get_quota,
    wire.GetQuotaRoot: quota.get_quota_root,
    wire.SetQuota: quota.set_quota,
}

# Those on the open mailbox
MAILBOX_COMMANDS: dict[type[wire.Command], Run] = {
    wire.Expunge: expunge.expunge,
    wire.UidExpunge: expunge.uid_expunge,
    wire.Search: search.search,
    wire.UidBatches: uid_batches.uid_batches,
    wire.Sort: sort.sort,
    wire.Thread: thread.thread,
    wire.Fetch: fetch.fetch,
    wire.Store: store.store,
    wire.Copy: copy.copy,
    wire.Move: copy.move,
}
