"""Rows of a multistatus: the properties that are asked for, of one member after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from posthouse.webdav.properties.property import Property, Scene, Table
from posthouse.webdav.tree import Member, Path
from posthouse.webdav.wire.multistatus import row
from posthouse.webdav.wire.questions import Asks, Wish
from posthouse.webdav.wire.writing import address, segment, tags

_NONE: Mapping[str, bytes] = {}
_NOTHING: Mapping[int, Mapping[str, bytes]] = {}


class Rows:
    """Makes rows; `is_minimal` leaves out what is not there (RFC 8144 2.1)."""

    def __init__(self, scene: Scene, wish: Wish, *, is_minimal: bool) -> None:
        self._scene = scene
        self._table: Table = scene.tree.properties
        self._wish = wish
        self._is_minimal = is_minimal
        if wish.asks is Asks.NAMED:
            names: Sequence[str] = wish.names
        else:
            common = [name for name, each in self._table.items() if each.is_common]
            names = list(dict.fromkeys([*common, *[name for name in wish.names if name in self._table]]))
        self._asked: list[tuple[str, Property | None, str]] = [
            (name, self._table.get(name), tags(name)[2]) for name in names
        ]
        # what is told costs a look at each member: it is not looked at for those who did not ask
        wanted = self._table.items() if wish.asks is Asks.NAMES else [(name, each) for name, each, _ in self._asked]
        self._told = [name for name, each in wanted if each is not None and each.is_told]
        # a property that clients cannot write is never read among those that they did
        self._reads_dead = wish.asks is not Asks.NAMED or any(
            each is None or not each.is_protected for _, each, _ in self._asked
        )

    async def prepare(self) -> None:
        """Read what all rows need."""
        made = self._table.values() if self._wish.asks is Asks.NAMES else [each for _, each, _ in self._asked if each]
        await self._scene.prepare([each.need for each in made if each.need is not None])

    async def of(self, path: Path, member: Member) -> str:
        """The row of the resource at a path."""
        dead = await self._dead([member])
        return self._row(address(self._scene.tree.root + path, is_folder=member.is_folder), path, member, dead)

    async def below(self, folder: Path, members: Sequence[Member]) -> str:
        """The rows of a folder's members."""
        dead = await self._dead(members)
        base = address(self._scene.tree.root + folder, is_folder=True)
        return "".join(
            [
                self._row(
                    f"{base}{segment(member.name)}{'/' if member.is_folder else ''}",
                    (*folder, member.name),
                    member,
                    dead,
                )
                for member in members
            ]
        )

    async def _dead(self, members: Sequence[Member]) -> Mapping[int, Mapping[str, bytes]]:
        having = [member for member in members if member.dead] if self._reads_dead else []
        dead = await self._scene.tree.dead_properties(having) if having else _NOTHING
        if not self._told:
            return dead
        told = await self._scene.tree.told(members, self._told)
        return {key: {**dead.get(key, _NONE), **told.get(key, _NONE)} for key in {*dead, *told}}

    def _row(self, where: str, path: Path, member: Member, dead: Mapping[int, Mapping[str, bytes]]) -> str:
        own = dead.get(member.key, _NONE) if dead else _NONE
        if self._wish.asks is Asks.NAMED:
            return self._named(where, path, member, own)
        held = {name: made for name, each, _ in self._asked if each and (made := each.make(self._scene, path, member))}
        held |= {name: value.decode() for name, value in own.items() if _is_kept(self._table.get(name))}
        if self._wish.asks is Asks.NAMES:
            rest = [name for name, each in self._table.items() if each.make(self._scene, path, member)]
            return row(where, "".join([tags(name)[2] for name in dict.fromkeys([*held, *rest])]), "")
        return row(where, "".join(held.values()), "")

    def _named(self, where: str, path: Path, member: Member, own: Mapping[str, bytes]) -> str:
        held: list[str] = []
        missing: list[str] = []
        denied: list[str] = []
        for name, each, empty in self._asked:
            if each is not None and each.rights and each.rights & ~member.rights:
                denied.append(empty)
                continue
            made = own[name].decode() if name in own and _is_kept(each) else None
            if made is None and each is not None:
                made = each.make(self._scene, path, member)
            if made is None:
                missing.append(empty)
            else:
                held.append(made)
        return row(where, "".join(held), "" if self._is_minimal else "".join(missing), "".join(denied))


def _is_kept(held: Property | None) -> bool:
    """Whether its value is one that is read for several members at once, not made."""
    return held is None or not held.is_protected or held.is_told
