"""LIST in both forms, LSUB and STATUS; RFC 9051 9 (list, status), RFC 6154 (SPECIAL-USE)."""

from __future__ import annotations

from posthouse.protocols.imap.wire.commands.listing import List, ListReturn, ListSelect, Lsub, Status, StatusItem
from posthouse.protocols.imap.wire.commands.metadata import MetadataWanted
from posthouse.protocols.imap.wire.metadata_grammar import metadata_wanted
from posthouse.protocols.imap.wire.reader import Expected, Reader

_SELECT: dict[bytes, ListSelect] = {
    b"SUBSCRIBED": ListSelect.SUBSCRIBED,
    b"REMOTE": ListSelect.REMOTE,
    b"RECURSIVEMATCH": ListSelect.RECURSIVEMATCH,
    b"SPECIAL-USE": ListSelect.SPECIAL_USE,
}
_RETURN: dict[bytes, ListReturn] = {
    b"SUBSCRIBED": ListReturn.SUBSCRIBED,
    b"CHILDREN": ListReturn.CHILDREN,
    b"SPECIAL-USE": ListReturn.SPECIAL_USE,
    b"MYRIGHTS": ListReturn.MYRIGHTS,
}
_ITEMS: dict[bytes, StatusItem] = {item.value: item for item in StatusItem}


def list_(reader: Reader, tag: str) -> List:
    """`"LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]`."""
    reader.sp()
    extended = False
    select = ListSelect(0)
    if reader.text.startswith(b"(", reader.at):
        extended = True
        select = _select_options(reader)
        reader.sp()
    reference = reader.mailbox()
    reader.sp()
    if reader.text.startswith(b"(", reader.at):
        extended = True
        patterns = reader.listed(reader.list_mailbox)
    else:
        patterns = [reader.list_mailbox()]
    returns = ListReturn(0)
    status: tuple[StatusItem, ...] = ()
    metadata: MetadataWanted | None = None
    if not reader.at_end():
        extended = True
        reader.sp()
        returns, status, metadata = _return_options(reader)
    reader.end()
    if ListSelect.SUBSCRIBED in select:
        returns |= ListReturn.SUBSCRIBED  # RFC 9051 6.3.9.1
    wanted = tuple([pattern for pattern in patterns if pattern is not None])  # RFC 5258 3: others are passed over
    return List(tag, reference, wanted, select, returns, status, extended, metadata)


def lsub(reader: Reader, tag: str) -> Lsub:
    """`"LSUB" SP mailbox SP list-mailbox`; RFC 3501 9."""
    reader.sp()
    reference = reader.mailbox()
    reader.sp()
    pattern = reader.list_mailbox()
    reader.end()
    return Lsub(tag, reference, pattern or "")


def status(reader: Reader, tag: str) -> Status:
    """`"STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"`."""
    reader.sp()
    name = reader.mailbox()
    reader.sp()
    items = _status_items(reader)
    reader.end()
    return Status(tag, name, items)


def _select_options(reader: Reader) -> ListSelect:
    select = ListSelect(0)
    for name in reader.listed(lambda: reader.word("a selection option"), empty=True):
        if name not in _SELECT:  # RFC 5258 3: an unknown option is an error
            raise Expected(f"expected selection options among {b', '.join(_SELECT).decode()}")
        select |= _SELECT[name]
    if ListSelect.RECURSIVEMATCH in select and not select & (ListSelect.SUBSCRIBED | ListSelect.SPECIAL_USE):
        raise Expected("RECURSIVEMATCH goes with another selection option such as SUBSCRIBED")  # RFC 9051 6.3.9.1
    return select


def _return_options(reader: Reader) -> tuple[ListReturn, tuple[StatusItem, ...], MetadataWanted | None]:
    if reader.word("RETURN") != b"RETURN":
        raise Expected("expected RETURN or the end of the command behind the pattern")
    reader.sp()
    returns = ListReturn(0)
    items: tuple[StatusItem, ...] = ()
    metadata: MetadataWanted | None = None

    def option() -> None:
        nonlocal returns, items, metadata
        name = reader.word("a return option")
        if name == b"STATUS":  # RFC 5819 2
            reader.sp()
            items = _status_items(reader)
        elif name == b"METADATA":  # RFC 9590 3
            reader.sp()
            metadata = metadata_wanted(reader)
        elif name in _RETURN:
            returns |= _RETURN[name]
        else:
            raise Expected(f"expected return options among {b', '.join(_RETURN).decode()}, STATUS, METADATA")

    reader.listed(option, empty=True)
    return returns, items, metadata


def _status_items(reader: Reader) -> tuple[StatusItem, ...]:
    return tuple(dict.fromkeys(reader.listed(lambda: _status_item(reader))))


def _status_item(reader: Reader) -> StatusItem:
    name = reader.word("a status item")
    if name not in _ITEMS:
        raise Expected(f"expected status items among {b', '.join(_ITEMS).decode()}")
    return _ITEMS[name]
