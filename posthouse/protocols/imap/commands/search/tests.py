"""Search keys as functions over a candidate in a session's view, which knows more than core/mail/criteria."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from posthouse.core.mail.criteria import keys
from posthouse.core.mail.criteria.candidate import Test
from posthouse.core.mail.criteria.tests import Compiled, Compiler, Level
from posthouse.protocols.imap.errors import Bad
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.search import IsRecent, ModSeq, Numbers, Uids
from posthouse.protocols.imap.wire.sequence import SequenceSet
from posthouse.storage.ranges import Range


class ViewCompiler(Compiler):
    """Makes tests for one search of one view at one time (`now` in ms); `saved` are the positions that `$` means."""

    def __init__(self, view: View, uids: Sequence[int], now: int, saved: list[Range]) -> None:
        super().__init__(view.flag_lists.keywords, now, view.account, view.reader)
        self._view = view
        self._uids = uids
        self._saved = saved
        self._masks: Mapping[keys.SearchKey, bytes] = {}
        self._known: Mapping[keys.SearchKey, tuple[bytes, bytes]] = {}

    def compile(
        self,
        key: keys.SearchKey,
        masks: Mapping[keys.SearchKey, bytes],
        known: Mapping[keys.SearchKey, tuple[bytes, bytes]],
    ) -> Compiled:
        """(level, test) of a key.

        `masks` tell of some keys already which messages fit, `known` of others which do for certain, and which may.
        """
        self._masks = masks
        self._known = known
        return self.test_of(key)

    def test_of(self, key: keys.SearchKey) -> Compiled:
        """(level, test) of a key, as far as something is known of it."""
        mask = self._masks.get(key)
        if mask is not None:
            return Level.POSITION, lambda one: bool(mask[one.position])
        known = self._known.get(key)
        if known is None:
            return self._unknown(key)
        certain, possible = known
        level, test = self._unknown(key)
        return level, lambda one: bool(certain[one.position]) or (bool(possible[one.position]) and test(one))

    def _unknown(self, key: keys.SearchKey) -> Compiled:
        match key:
            case Numbers(sequence):
                return Level.POSITION, within(self.positions(sequence, uid=False))
            case Uids(sequence):
                return Level.POSITION, within(self.positions(sequence, uid=True))
            case IsRecent(recent):
                return Level.POSITION, lambda one: self._view.is_recent(one.uid) is recent
            case ModSeq(modseq):
                return Level.ROW, lambda one: one.row.modseq >= modseq
        return super().test_of(key)

    def positions(self, sequence: SequenceSet, *, uid: bool) -> list[Range]:
        """The messages that a set names, as half-open ranges of positions."""
        if sequence.saved:
            return self._saved
        if uid:
            return sequence.uid_positions(self._uids)
        if sequence.exceeds(len(self._uids)):
            raise Bad("There are {} messages", None, len(self._uids))
        return sequence.positions(len(self._uids))


def within(positions: list[Range]) -> Test:
    """True for messages in those ranges of positions."""
    if len(positions) == 1:
        start, stop = positions[0]
        return lambda one: start <= one.position < stop
    members = frozenset(at for start, stop in positions for at in range(start, stop))
    return lambda one: one.position in members
