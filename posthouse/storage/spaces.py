"""Every key space of the store, in one table: no two may share a tag, and a tag is never used again."""

from __future__ import annotations

from posthouse.storage.keys import Field, Space

U32, U64, HASH, TEXT = Field.U32, Field.U64, Field.HASH, Field.TEXT

# The store itself
META = Space(0x01, "meta", TEXT)  # name -> bytes (schema number, counters)
# client, last sequence -> when, answers by sequence: what makes a repeated write harmless; 0x02 had one a sequence
WRITE = Space(0x03, "write", U64, U64)

# Accounts
DOMAIN = Space(0x10, "domain", TEXT)  # domain (or domain alias) -> DomainRecord
ADDRESS = Space(0x11, "address", TEXT, TEXT)  # domain, local part -> AddressRecord (account, alias or group)
ACCOUNT = Space(0x12, "account", U32)  # account -> AccountRecord
CREDENTIALS = Space(0x13, "credentials", U32)  # account -> CredentialsRecord
GROUP = Space(0x14, "group", U32)  # group -> GroupRecord
USAGE = Space(0x15, "usage", U32)  # account -> Usage
DOMAIN_USAGE = Space(0x16, "domain usage", TEXT)  # domain -> Usage
MEMBER = Space(
    0x17, "member", TEXT, TEXT, TEXT, TEXT
)  # domain, local part; the same of a group or alias over it -> empty

# Collections and items
SEQUENCE = Space(0x20, "sequence", U32)  # account -> AccountSequence: modseq and next ids
COLLECTION = Space(0x21, "collection", U32, U32)  # account, collection -> CollectionRecord
ITEM = Space(0x22, "item", U32, U32, U32)  # account, collection, uid -> Item (fixed struct)
CHANGE = Space(0x23, "change", U32, U64)  # account, modseq -> ChangeRecord
ACL = Space(0x24, "acl", U32, U32)  # account, collection -> AclRecord
GRANT = Space(0x25, "grant", TEXT, U32, U32)  # whom, account, collection -> empty: the ACLs that name somebody
ANNOTATION = Space(0x26, "annotation", U32, U32, U32, TEXT)  # holder, account, collection (0: none), entry -> value
SUBSCRIPTION = Space(0x27, "subscription", U32, U32, U32)  # account, another's account, collection -> 1 or 0
SUBSCRIBED_NAME = Space(0x28, "subscribed name", U32, TEXT)  # account, name of a mailbox that was deleted -> empty

# Messages (the cold part: immutable, shared by all places of one account)
# account, message -> MessageRecord; 0x30 had one without what 0x31 and 0x32 had: ENVELOPE, and BODYSTRUCTURE with parts
MESSAGE = Space(0x3A, "message", U32, U32)
DIGEST = Space(0x36, "digest", U32, U32, U32, U32)  # account, mailbox, facet, block of UIDs -> that of all its messages
THREAD = Space(0x37, "thread", U32, U32)  # account, thread -> ThreadRecord, once it has had several messages
THREAD_LINK = Space(0x39, "thread link", U32, U64)  # account, hash of a message id and a subject -> thread
PLACES = Space(0x35, "places", U32, U32)  # account, message -> how many items show it, when more than one
# What came from another account, and keeps its ids (core/mail/origins)
MESSAGE_ORIGIN = Space(0x3B, "message origin", U32, U32)  # account, message -> Origin: an account, a message of it
COPIED_MESSAGE = Space(0x3C, "copied message", U32, U32, U32)  # account, account and message of the origin -> message
THREAD_ORIGIN = Space(0x3D, "thread origin", U32, U32)  # account, thread -> Origin: an account, a thread of it
COPIED_THREAD = Space(0x3E, "copied thread", U32, U32, U32)  # account, account and thread of the origin -> thread
# account, when (ms), modseq, mailbox, first UID -> ExpungedRecord: messages that went together and can be put back
EXPUNGED = Space(0x38, "expunged", U32, U64, U64, U32, U32)

# Files: nodes (folders and documents), whose numbers are the UIDs of one collection (core/files)
FILE_TREE = Space(0x80, "file tree", U32)  # account -> FileTree: which collection that is
FILE_NODE = Space(0x81, "file node", U32, U32)  # account, node -> Place: where it hangs
FILE_CHILD = Space(0x82, "file child", U32, U32, TEXT)  # account, folder's node, name -> Entry
FILE_REVISION = Space(0x83, "file revision", U32, U32, U32)  # account, node, revision -> Earlier contents
FILE_PROPERTY = Space(0x84, "file property", U32, U32, TEXT)  # account, node, name -> what a client wrote there
FILE_LOCK = Space(0x85, "file lock", U32, U32, TEXT)  # account, node, token -> LockRecord
FILE_LINK = Space(0x86, "file link", U32, U32, HASH)  # account, node, sha-256 of a share link's secret -> LinkRecord
FILE_ACL = Space(0x87, "file acl", U32, U32)  # account, node -> AclRecord
FILE_GRANT = Space(0x88, "file grant", TEXT, U32, U32)  # whom, account, node -> empty: the ACLs that name somebody
FILE_WATCH = Space(0x8B, "file watch", U32, U32, U32)  # account, folder's node, who wants to hear of it -> Watch
# account, folder's node, who is to hear, node, who did (0: by a link), what -> Deed
FILE_DEED = Space(0x8C, "file deed", U32, U32, U32, U32, U32, U32)

# Directories of the server machine that are mapped into people's files (core/directories)
MAPPED = Space(0x89, "mapped directory", TEXT)  # name -> MappedRecord
MAPPED_LOCK = Space(0x8A, "mapped directory's lock", TEXT, HASH, TEXT)  # name, sha-256 of a path, token -> MappedLock

# Search folders (core/mail/search_folders); what they show are items of their own collections
SEARCH_FOLDER = Space(0x90, "search folder", U32, U32)  # account, collection -> Definition
SEARCH_STANDING = Space(0x91, "search folder's standing", U32, U32)  # account, collection -> Standing: how far it is
SEARCH_MEMBER = Space(0x92, "search folder's member", U32, U32, U32, U32)  # ..., mailbox, UID there -> UID here
SEARCH_SOURCE = Space(0x93, "search folder's source", U32, U32, U32)  # account, collection, UID -> mailbox, UID there
# account, collection, when (ms), mailbox, UID there -> empty: what has to be looked at again then
SEARCH_DUE = Space(0x94, "search folder's due message", U32, U32, U64, U32, U32)

# Blobs
BLOB = Space(0x40, "blob", HASH)  # sha-256 -> BlobRecord; a small one that is held once has none
BLOB_BYTES = Space(0x41, "blob bytes", HASH)  # sha-256 -> the bytes, of small blobs
BLOB_UNUSED = Space(0x42, "unused blob", U64, HASH)  # when its last reference went (ms) -> empty

# The outbound queue (core/queue); a letter's number is that of its trace
QUEUED = Space(0x60, "queued message", U64)  # message -> QueuedMessage
QUEUED_RECIPIENT = Space(0x61, "queued recipient", U64, U32)  # message, recipient -> QueuedRecipient
QUEUE_DUE = Space(0x62, "queue due", TEXT, U64, U64, U32)  # destination, due (ms), message, recipient -> empty
QUEUE_UNDERWAY = Space(0x63, "queue under way", TEXT, U64, U32)  # destination, message, recipient -> empty
QUEUE_DEADLINE = Space(0x64, "queue deadline", U64, U64, U32)  # when (ms), message, recipient -> empty
DESTINATION = Space(0x65, "destination", TEXT)  # destination -> DestinationRecord, while it cannot be reached

# Sending: policies that were fetched, keys, what was seen
DKIM_KEY = Space(0x68, "dkim key", TEXT, TEXT)  # domain, selector -> DkimKey
STS_POLICY = Space(0x69, "mta-sts policy", TEXT)  # domain -> StsPolicy as cached
TLS_RESULT = Space(0x6A, "tls results", U32, TEXT)  # day (UTC, since the epoch), policy domain -> TlsResults
SENT = Space(0x6B, "sent", U32, U32)  # account, day -> how many recipients it has written to

# Traces: what became of a letter, by its number
TRACE = Space(0x6C, "trace", U64, U64)  # letter, when (ms) with a count in its low digits -> TraceEvent
# 0x6D was an index of addresses and Message-IDs

# Jobs
JOB = Space(0x50, "job", U64)  # job -> JobRecord
JOB_KEY = Space(0x52, "job key", TEXT)  # a name that may stand once -> job
JOB_DUE = Space(0x53, "job due", TEXT, U64, U64)  # kind, due (ms), job -> empty; 0x51 was one without kinds

# The search index's own store, beside the other (core/search)
SEARCH_STATE = Space(0x70, "search state")  # -> IndexState
SEARCH_PROGRESS = Space(0x71, "search progress", U32)  # account -> up to which message it is in the index
SEARCH_TEXT = Space(0x72, "search text", U32, U32)  # account, message -> its text as it is compared

ALL = (
    META, WRITE,
    DOMAIN, ADDRESS, ACCOUNT, CREDENTIALS, GROUP, USAGE, DOMAIN_USAGE, MEMBER,
    SEQUENCE, COLLECTION, ITEM, CHANGE, ACL, GRANT, ANNOTATION, SUBSCRIPTION, SUBSCRIBED_NAME,
    MESSAGE, DIGEST, THREAD, THREAD_LINK, PLACES, EXPUNGED,
    MESSAGE_ORIGIN, COPIED_MESSAGE, THREAD_ORIGIN, COPIED_THREAD,
    FILE_TREE, FILE_NODE, FILE_CHILD, FILE_REVISION, FILE_PROPERTY, FILE_LOCK, FILE_LINK, FILE_ACL, FILE_GRANT,
    FILE_WATCH, FILE_DEED,
    MAPPED, MAPPED_LOCK,
    SEARCH_FOLDER, SEARCH_STANDING, SEARCH_MEMBER, SEARCH_SOURCE, SEARCH_DUE,
    BLOB, BLOB_BYTES, BLOB_UNUSED,
    QUEUED, QUEUED_RECIPIENT, QUEUE_DUE, QUEUE_UNDERWAY, QUEUE_DEADLINE, DESTINATION,
    DKIM_KEY, STS_POLICY, TLS_RESULT, SENT, TRACE,
    JOB, JOB_KEY, JOB_DUE,
    SEARCH_STATE, SEARCH_PROGRESS, SEARCH_TEXT,
)  # fmt: skip
